"""Offers titles while the reader types."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from knowledge.search.document import Suggestion
from knowledge.search.parse import clean
from knowledge.search.snapshot import View
from knowledge.search.words import EVERY_STOP_WORD, words

_SHORTEST = 2
_MOST_SEEN = 2000


def suggest(view: View, typed: str, limit: int) -> tuple[Suggestion, ...]:
    """Titles in view that hold all typed words, the last of them as a beginning.

    Titles that start with what was typed come first, then those that hold it in one piece, then shorter ones.
    A misspelled word is mended when nothing holds it as typed.
    """
    typed_words = words(clean(typed)[:100])
    if sum(map(len, typed_words)) < _SHORTEST or limit < 1:
        return ()
    found = _matching(view, typed_words)
    if not found:
        corrections = {c.word: c.replacement for c in view.speller.correct(typed_words)}
        mended = " ".join(corrections.get(word, word) for word in typed_words).split()
        found = _matching(view, mended) if mended != typed_words else []
    facts = view.snapshot.facts
    offered = {facts[row].title: facts[row] for row in reversed(found)}
    best = list(reversed(offered.values()))[:limit]
    return tuple(Suggestion(fact.id, fact.title, fact.type) for fact in best)


def in_view(view: View, query_words: Iterable[str], ids: Iterable[int]) -> bool:
    """Whether a search that others made tells a reader nothing new.

    One of the documents must be in view, and every word of it must be in use there.
    """
    rows = view.snapshot.row_of
    if not any(number in rows and view.allowed[rows[number]] for number in ids):
        return False
    return all(word in view.vocabulary for word in query_words if word not in EVERY_STOP_WORD)


def _matching(view: View, typed_words: list[str]) -> list[int]:
    """The rows whose titles match, best first."""
    text, starts = view.snapshot.titles
    # The longest word is the rarest as a rule, so it is looked for first and the others only where it stands.
    wanted = [f" {word} " for word in typed_words[:-1]] + [f" {typed_words[-1]}"]
    rarest = max(wanted, key=len)
    whole = " ".join(typed_words)
    rows: dict[int, None] = {}
    place = text.find(rarest)
    while place >= 0 and len(rows) < _MOST_SEEN:
        row = int(np.searchsorted(starts, place, side="right")) - 1
        if view.allowed[row]:
            line = text[int(starts[row]) : int(starts[row + 1])]
            if all(part in line for part in wanted):
                rows[row] = None
        place = text.find(rarest, place + 1)

    def worth(row: int) -> tuple[int, int, int]:
        line = text[int(starts[row]) : int(starts[row + 1])]
        at = line.find(f" {whole}")
        return (0 if at == 1 else 1 if at > 0 else 2, len(line), row)

    return sorted(rows, key=worth)
