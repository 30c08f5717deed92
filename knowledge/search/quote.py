"""Shows why a document was found: its best passage as safe HTML, with the words that matched marked."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from knowledge.search.document import Passage, Quote
from knowledge.search.engine import SearchSegment
from knowledge.search.keyword import QueryTerm, Scores
from knowledge.search.words import fold, stem

QUOTE_CHARACTERS = 280
_WORD = r"[^\W_]+(?:['’][^\W_]+)*"
_WITHIN = r"(?<![^\W_])(?<![^\W_]['’])"
"""Nothing of a word stands before."""
_MEANING, _WORDS = 0.6, 0.4
"""What picks the passage: mostly what it means, then which words of the query it has."""
_NOWHERE = np.zeros(0, dtype=np.intp)


class Matches:
    """Where the terms of a query stand in one document."""

    def __init__(self, segment: SearchSegment, row: int, text: NDArray[np.int32], terms: Sequence[QueryTerm]) -> None:
        """Looks where the terms stand.

        :param text: the order of words of the document, as ``segment.runs`` gives it.
        """
        self._segment, self._row, self._terms = segment, row, terms
        self._text = text
        self._stands = [self._where(term) for term in terms]

    def _where(self, term: QueryTerm) -> NDArray[np.intp]:
        """The places of one term in the order of words of the document."""
        numbers = [n for n in (self._segment.term_number(form) for form in term.forms) if n is not None]
        if not numbers:
            return _NOWHERE
        stands = self._text == numbers[0]
        for number in numbers[1:]:
            stands |= self._text == number
        return np.flatnonzero(stands)

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the query that the document has, in the order of the query."""
        found = (term.word for term, places in zip(self._terms, self._stands, strict=True) if len(places))
        return tuple(dict.fromkeys(word for word in found if word))

    def best_passage(self, rarities: Sequence[float], similarities: Scores | None) -> int:
        """The ordinal of the passage that answers the query best.

        :param rarities: of the terms, [terms].
        :param similarities: the cosines of all passages of the segment, or None without a model.
        """
        starts = self._segment.passage_starts
        begin, end = int(starts[self._row]), int(starts[self._row + 1])
        scores = np.zeros(end - begin, dtype=np.float32)
        if similarities is not None:
            scores += _MEANING * similarities[begin:end]
        total = sum(t.weight * r for t, r in zip(self._terms, rarities, strict=True)) or 1.0
        # An empty term opens each passage; what stands before the first is the title.
        opening = self._segment.term_number("")
        openings = np.flatnonzero(self._text == opening) if opening is not None else _NOWHERE
        for term, places, rarity in zip(self._terms, self._stands, rarities, strict=True):
            having = np.zeros(len(scores) + 1, dtype=np.bool_)
            having[np.searchsorted(openings, places, side="right")] = True
            scores += np.float32(_WORDS * term.weight * rarity / total) * having[1:]
        return int(np.argmax(scores))


def mark(text: str, forms: frozenset[str], language: str) -> str:
    """A text as safe HTML, with each word that has one of some forms in ``<mark>``."""
    return _marked(text, 0, len(text), _matches(text, forms, language))


def _marked(text: str, begin: int, end: int, places: list[tuple[int, int]]) -> str:
    """A stretch of a text as safe HTML, with some places in it marked."""
    parts = []
    for first, last in places:
        if begin <= first and last <= end:
            parts += [html.escape(text[begin:first]), "<mark>", html.escape(text[first:last]), "</mark>"]
            begin = last
    return "".join([*parts, html.escape(text[begin:end])])


def quote(passage: Passage, forms: frozenset[str], language: str) -> Quote:
    """The part of a passage where most words match, cut at words, as safe HTML."""
    text = " ".join(passage.text.split())
    places = _matches(text, forms, language)
    begin, end = _window(text, [first for first, _ in places])
    shown = _marked(text, begin, end, places)
    before, after = "… " if begin else "", " …" if end < len(text) else ""
    return Quote(f"{before}{shown}{after}", passage.anchor, passage.heading)


def _matches(text: str, forms: frozenset[str], language: str) -> list[tuple[int, int]]:
    """Where the words of a text stand that have one of some forms."""
    letters = frozenset(form[0] for form in forms if form)
    if not letters:
        return []
    words = _words_like(letters).finditer(text)
    return [match.span() for match in words if not forms.isdisjoint(_forms_of(match.group(), language))]


@lru_cache(maxsize=1024)
def _words_like(letters: frozenset[str]) -> re.Pattern[str]:
    """Finds the words that may have a form with one of these first letters.

    Folding and stemming keep the first letter of a word but for accents, so most words need no closer look.
    """
    both = "".join(sorted({case for letter in letters for case in (letter, letter.upper())}))
    return re.compile(f"{_WITHIN}(?=[{re.escape(both)}]|[^\\x00-\\x7f]){_WORD}")


@lru_cache(maxsize=32_768)
def _forms_of(word: str, language: str) -> tuple[str, str]:
    """A word as it stands in the index: folded, and its stem. Texts say the same words again and again."""
    folded = fold(word).replace("'", "").replace("’", "")
    return folded, stem(folded, language)


def _window(text: str, places: list[int]) -> tuple[int, int]:
    """The stretch of a text with most matches, from a word to a word."""
    if len(text) <= QUOTE_CHARACTERS:
        return 0, len(text)
    begin = 0
    if places:
        inside = [sum(p <= q < p + QUOTE_CHARACTERS - 40 for q in places) for p in places]
        begin = max(0, places[int(np.argmax(inside))] - 40)
    begin = min(begin, len(text) - QUOTE_CHARACTERS)
    if begin:
        # A run of letters longer than the window has no word to start at.
        space = text.find(" ", begin, begin + 60)
        begin = space + 1 if space >= 0 else begin
    end = min(len(text), begin + QUOTE_CHARACTERS)
    if end < len(text):
        space = text.rfind(" ", begin + QUOTE_CHARACTERS // 2, end)
        end = space if space >= 0 else end
    return begin, end
