"""Automatic checks of a text. Each problem takes points from a hundred; an article passes with ``PASS_MARK``."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from markdown_it import MarkdownIt
from markdown_it.token import Token

PASS_MARK = 70
SHORTEST = 30
LONGEST = 1_800
# Flesch's reading ease, below which only people with practice in hard texts read with comfort.
HARD = 30.0
_MEASURED_FROM = 100


class Check(StrEnum):
    """What can be wrong."""

    BROKEN_LINK = "broken_link"
    MISSING_ALT = "missing_alt"
    HEADING_ORDER = "heading_order"
    HARD_TO_READ = "hard_to_read"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    VAGUE_TITLE = "vague_title"
    NO_SUMMARY = "no_summary"


WEIGHTS = {
    Check.BROKEN_LINK: 15,
    Check.MISSING_ALT: 15,
    Check.HEADING_ORDER: 5,
    Check.HARD_TO_READ: 10,
    Check.TOO_SHORT: 20,
    Check.TOO_LONG: 10,
    Check.VAGUE_TITLE: 10,
    Check.NO_SUMMARY: 10,
}


@dataclass(frozen=True)
class Problem:
    """One finding; the detail names the place or the number."""

    check: Check
    detail: str = ""


_MARKDOWN = MarkdownIt("commonmark").enable("table")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SENTENCE = re.compile(r"[.!?:]+(?:\s|$)|\n")
_VOWELS = re.compile(r"[aeiouyäöü]+", re.IGNORECASE)
_VERBS_AND_SIGNS = re.compile(
    r"\?|\b(?:not|no|error|fails?|failed|can['’]?t|cannot|won['’]?t|doesn['’]?t|isn['’]?t|how|what|why|when|where|which|"
    r"nicht|kein|keine|fehler|wie|was|warum|wann|wo|welche)\b|\d|“|\"",
    re.IGNORECASE,
)


def check_text(*, title: str, summary: str, markdown: str, language: str) -> list[Problem]:
    """Return what is wrong with a text, links aside."""
    tokens = _MARKDOWN.parse(markdown)
    words = _prose(tokens)
    count = len(_WORD.findall(words))
    problems = [*_pictures(tokens), *_headings(tokens)]
    if count < SHORTEST:
        problems.append(Problem(Check.TOO_SHORT, str(count)))
    elif count > LONGEST:
        problems.append(Problem(Check.TOO_LONG, str(count)))
    if count >= _MEASURED_FROM and (ease := reading_ease(words, language)) < HARD:
        problems.append(Problem(Check.HARD_TO_READ, f"{ease:.0f}"))
    if is_vague(title):
        problems.append(Problem(Check.VAGUE_TITLE))
    if not summary.strip():
        problems.append(Problem(Check.NO_SUMMARY))
    return problems


def score(problems: Sequence[Problem]) -> int:
    """Return the points left of a hundred; several problems of one kind count twice at most."""
    counts = {check: sum(1 for problem in problems if problem.check is check) for check in Check}
    return max(0, 100 - sum(WEIGHTS[check] * min(number, 2) for check, number in counts.items()))


def reading_ease(text: str, language: str) -> float:
    """Return Flesch's reading ease: 206.835 - 1.015 words/sentence - 84.6 syllables/word (R. Flesch, 1948).

    German by Amstad's formula: 180 - words/sentence - 58.5 syllables/word (T. Amstad, 1978). Syllables are counted as
    groups of vowels, a silent final e in English left out; 100 is very easy, below 30 very hard.
    """
    words = _WORD.findall(text)
    if not words:
        return 100.0
    sentences = max(1, len([part for part in _SENTENCE.split(text) if _WORD.search(part)]))
    german = language.startswith("de")
    syllables = sum(_syllables(word, german=german) for word in words)
    length, weight = len(words) / sentences, syllables / len(words)
    return 180 - length - 58.5 * weight if german else 206.835 - 1.015 * length - 84.6 * weight


def is_vague(title: str) -> bool:
    """Whether a title is no question and no symptom: fewer than three words, none of which names a trouble or task."""
    return len(title.split()) < 3 and not _VERBS_AND_SIGNS.search(title)


def _syllables(word: str, *, german: bool) -> int:
    lowered = word.lower()
    if not german and lowered.endswith("e") and not lowered.endswith("le") and len(lowered) > 3:
        lowered = lowered[:-1]
    return max(1, len(_VOWELS.findall(lowered)))


def _prose(tokens: list[Token]) -> str:
    """Return the sentences of a text: no code, no tables, no addresses."""
    parts, in_table = [], False
    for token in tokens:
        if token.type in ("table_open", "table_close"):
            in_table = token.type == "table_open"
        elif token.type == "inline" and not in_table:
            parts.append("".join(child.content if child.type == "text" else " " for child in token.children or ()))
    return html.unescape("\n".join(parts))


def _pictures(tokens: list[Token]) -> list[Problem]:
    return [
        Problem(Check.MISSING_ALT, str(child.attrs.get("src", "")))
        for token in tokens
        for child in token.children or ()
        if child.type == "image" and not child.content.strip()
    ]


def _headings(tokens: list[Token]) -> list[Problem]:
    found, last = [], 0
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            level = int(token.tag[1])
            if last and level > last + 1:
                found.append(Problem(Check.HEADING_ORDER, tokens[index + 1].content))
            last = level
    return found
