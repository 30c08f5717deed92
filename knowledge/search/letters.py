"""Tells a German word from an English one by its letters, where no dictionary and no stop word does.

The groups of three letters in ``letters.json`` are the 250 that are clearly more usual in German, and the 250 that are
so in English; ``benchmarks/learn_letters.py`` finds them. A mark stands for the beginning and the end of a word.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path

CLEARLY = 2
"""The groups by which German must lead in the words of a query: of German words by themselves three in four reach
it, of misspelled English ones one in twenty."""

_LEARNED = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
_GERMAN, _ENGLISH = (frozenset(_LEARNED[language].split()) for language in ("de", "en"))


def groups(word: str) -> list[str]:
    """The groups of three letters of a folded word."""
    marked = f"^{word}$"
    return [marked[place : place + 3] for place in range(len(marked) - 2)]


def look_german(query_words: Iterable[str], english: Collection[str]) -> bool:
    """Whether the words of a query are German rather than English by their letters.

    :param english: words known to be English; each speaks against German as one group of letters does.
    """
    lead = 0
    for word in query_words:
        if word in english:
            lead -= 1
        else:
            found = groups(word)
            lead += sum(group in _GERMAN for group in found) - sum(group in _ENGLISH for group in found)
    return lead >= CLEARLY
