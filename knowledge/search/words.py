"""Turns text into index terms: folding of case and accents, word forms by language, identifiers kept whole.

The same functions read documents and queries, so that what was written and what is asked always meet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Protocol, cast

from whoosh.lang.snowball.english import EnglishStemmer
from whoosh.lang.snowball.german import GermanStemmer
from whoosh.lang.stopwords import stoplists

LONGEST_WORD = 60
"""Longer runs of letters are encoded data, which nobody searches by word and which would bloat the index."""

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])['’](?=[^\W\d_])")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_UNSPACED = re.compile(r"[^\s<>\"“”„,;()\[\]{}|]+")
_EDGES = ".:'`*!?-/\\=&"
_UMLAUT_SPELLED = re.compile(r"(?<![aeq])([aou])e")


class _Stemmer(Protocol):
    def stem(self, word: str) -> str: ...


_STEMMERS: dict[str, _Stemmer] = {
    "en": cast(_Stemmer, EnglishStemmer()),
    "de": cast(_Stemmer, GermanStemmer()),
}


def fold(text: str) -> str:
    """Lower case without accents: ``Zurücksetzen`` and ``zurucksetzen`` are one, ``ß`` is ``ss``."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(fold(word) for word in stoplists[language]) for language in ("en", "de")
}
STOP_WORDS["en"] |= frozenset(
    [
        "am",
        "cant",
        "cannot",
        "couldnt",
        "did",
        "didnt",
        "do",
        "does",
        "doesnt",
        "doing",
        "dont",
        "had",
        "hadnt",
        "has",
        "hasnt",
        "havent",
        "her",
        "his",
        "hers",
        "how",
        "im",
        "into",
        "is",
        "isnt",
        "its",
        "ive",
        "just",
        "me",
        "more",
        "my",
        "myself",
        "no",
        "off",
        "on",
        "only",
        "our",
        "out",
        "own",
        "shouldnt",
        "so",
        "some",
        "than",
        "that",
        "thats",
        "their",
        "them",
        "then",
        "there",
        "theyre",
        "this",
        "those",
        "too",
        "very",
        "was",
        "wasnt",
        "we",
        "were",
        "werent",
        "what",
        "when",
        "where",
        "which",
        "who",
        "whom",
        "why",
        "wont",
        "wouldnt",
        "youre",
    ]
)
EVERY_STOP_WORD = STOP_WORDS["en"] | STOP_WORDS["de"]


def words(text: str) -> list[str]:
    """The folded words of a text in order, split at everything that is neither letter nor digit.

    An apostrophe inside a word is dropped, as people do who type in a hurry (``dont``).
    """
    return [word for word in _WORD.findall(fold(_APOSTROPHE.sub("", text))) if len(word) <= LONGEST_WORD]


def replace_words(text: str, replacements: Mapping[str, str]) -> str:
    """The text with some of its words replaced, by their folded form; everything else stays as written."""
    return _WORD.sub(lambda match: replacements.get(fold(match.group()), match.group()), _APOSTROPHE.sub("", text))


@lru_cache(maxsize=65536)
def stem(word: str, language: str) -> str:
    """The stem of a folded word. Languages without a stemmer leave the word as it is.

    German spellings without umlaut keys (``loeschen``) meet the folded form (``loschen``).
    """
    stemmer = _STEMMERS.get(language)
    if stemmer is None or not word.isalpha():
        return word
    if language == "de":
        word = _UMLAUT_SPELLED.sub(r"\1", word)
    return stemmer.stem(word) or word


def is_identifier(token: str) -> bool:
    """Whether a token is a name that must be found as written: an error code, a command, a path, a file, a version.

    Plain words joined by hyphens (``sign-in``) and plain numbers are not.
    """
    if len(token) < 3 or not any(c.isalnum() for c in token):
        return False
    has_digit = any(c.isdigit() for c in token)
    has_letter = any(c.isalpha() for c in token)
    if has_digit and (has_letter or any(c in token for c in "-.:_")):
        return not re.fullmatch(r"\d+-?(?:bit|st|nd|rd|th|gb|mb|kb)|\d+[-.:]\d{1,2}", token.lower())
    if any(c in token for c in "\\_$@#") or "::" in token or "/" in token.strip("/"):
        return True
    if re.search(r"[^\W\d_]\.[^\W\d_]", token) and not re.fullmatch(r"(?:[^\W\d_]\.)+[^\W\d_]?", token):
        return True
    if re.fullmatch(r"[A-Z][a-z]+-[A-Z][A-Za-z]+", token):
        # Verb-Noun is how commands are named, but titles in title case hyphenate the same way (Sign-In).
        return bool(re.search(r"-[A-Z][a-z]+[A-Z]", token)) or token.split("-", maxsplit=1)[0] in _COMMAND_VERBS
    return bool(re.search(r"[a-z][A-Z]", token)) and len(re.findall(r"[A-Z]", token)) >= 2


_COMMAND_VERBS = frozenset(
    [
        "Add",
        "Clear",
        "Connect",
        "Disable",
        "Disconnect",
        "Enable",
        "Export",
        "Get",
        "Import",
        "Install",
        "Invoke",
        "Move",
        "New",
        "Out",
        "Register",
        "Remove",
        "Repair",
        "Reset",
        "Restart",
        "Resume",
        "Search",
        "Set",
        "Start",
        "Stop",
        "Suspend",
        "Test",
        "Uninstall",
        "Update",
        "Write",
    ]
)


def identifiers(text: str) -> Iterator[str]:
    """The identifiers of a text in order, folded but otherwise as written."""
    for match in _UNSPACED.finditer(text):
        token = match.group().strip(_EDGES)
        if is_identifier(token) and len(token) <= 200:
            yield fold(token)


def identifier_parts(text: str) -> Iterator[str]:
    """The words hidden in the joined names of a text: ``ReportToOriginator`` gives report, to, originator."""
    for match in _WORD.finditer(text):
        token = match.group()
        if 5 <= len(token) <= LONGEST_WORD and not (token.islower() or token.isupper() or token[1:].islower()):
            parts = _CAMEL.findall(token)
            if len(parts) > 1:
                yield from (part.lower() for part in parts)


def terms(text: str, language: str) -> list[str]:
    """The index terms of a text: stems in order, without stop words of its language."""
    stop = STOP_WORDS.get(language, STOP_WORDS["en"])
    return [stem(word, language) for word in words(text) if word not in stop]
