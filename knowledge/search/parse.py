"""Understands the text of a query: what was quoted, what is an identifier, what language, what shape.

There is no query syntax to get wrong: every text is a query, and marks that other engines take for
operators are read as the punctuation they are. The work is linear in the length of the text, which is cut
at ``LONGEST_QUERY``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from knowledge.search.words import EVERY_STOP_WORD, STOP_WORDS, fold, identifiers, words

LONGEST_QUERY = 600
"""Characters that are read of a query; a pasted log is told apart by its beginning."""
MOST_WORDS = 80

_QUOTED = re.compile(r"[\"“”„«»]([^\"“”„«»]{2,200})[\"“”„«»]")
_SENTENCE_MARK = re.compile(r"[?!]|[.,;](?:\s|$)")


@dataclass(frozen=True)
class Shape:
    """What a query looks like, each between 0 and 1."""

    sentence: float
    """From loose keywords to whole sentences, by the number of stop words."""
    code: float
    """The share of identifiers: error codes, commands, paths."""


@dataclass(frozen=True)
class ParsedQuery:
    """A query taken apart. All words are folded; ``text`` is clean but otherwise as written."""

    text: str
    words: tuple[str, ...]
    identifiers: tuple[str, ...]
    """Identifiers as they stand in the query, folded, without repeats."""
    fixed_words: frozenset[str]
    """Words that are parts of identifiers, or hold digits, and must never be corrected."""
    phrases: tuple[tuple[str, ...], ...]
    """The words of each quoted phrase of two words or more."""
    language: str | None
    """"en" or "de" when the words tell, else None."""
    shape: Shape

    @property
    def empty(self) -> bool:
        """Whether there is nothing to search for."""
        return not self.words


def clean(text: str) -> str:
    """One line of compatible characters: no control or invisible characters, no lone surrogates, cut to length."""
    text = text[: LONGEST_QUERY * 4].encode("utf-8", "ignore").decode("utf-8")
    text = unicodedata.normalize("NFKC", text[: LONGEST_QUERY * 2])
    kept = (" " if c.isspace() or unicodedata.category(c) == "Cc" else c for c in text)
    visible = "".join(c for c in kept if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn"))
    return " ".join(visible.split())[:LONGEST_QUERY]


def parse(text: str) -> ParsedQuery:
    """Takes a query apart. Any text is accepted."""
    text = clean(text)
    found = tuple(words(text)[:MOST_WORDS])
    codes = tuple(dict.fromkeys(identifiers(text)))
    within = {word for code in codes for word in words(code)}
    fixed = frozenset(within | {word for word in found if any(c.isdigit() for c in word)})
    quoted = (tuple(words(match)) for match in _QUOTED.findall(text))
    return ParsedQuery(
        text=text,
        words=found,
        identifiers=codes,
        fixed_words=fixed,
        phrases=tuple(phrase for phrase in quoted if len(phrase) > 1),
        language=guess_language(found, text),
        shape=shape(text, found, within),
    )


def guess_language(query_words: tuple[str, ...], text: str = "") -> str | None:
    """English or German, by their stop words and letters; None when nothing tells."""
    german = sum(word in STOP_WORDS["de"] and word not in STOP_WORDS["en"] for word in query_words)
    english = sum(word in STOP_WORDS["en"] and word not in STOP_WORDS["de"] for word in query_words)
    german += 2 * any(c in "äöüßÄÖÜ" for c in text)
    if german == english:
        return None
    return "de" if german > english else "en"


def shape(text: str, query_words: tuple[str, ...], within_codes: set[str]) -> Shape:
    """What the query looks like. Six stop words make a full sentence, half the words in identifiers a full code."""
    if not query_words:
        return Shape(0.0, 0.0)
    stops = sum(word in EVERY_STOP_WORD for word in query_words)
    coded = sum(word in within_codes for word in query_words)
    sentence = min(1.0, stops / 6) if stops > 1 or _SENTENCE_MARK.search(text) else 0.0
    return Shape(sentence, min(1.0, 2 * coded / len(query_words)))


def normalised(text: str) -> str:
    """The form of a query in which two people who ask the same meet, for the query log."""
    return " ".join(words(fold(clean(text))))
