"""Mends spelling from the words of the indexed documents themselves.

Candidates come from a scan of the whole vocabulary with a letter-set filter, then a weighted edit
distance over the few that remain; both run vectorised, so there is no table of variants to build, keep in
memory or bring up to date. The best candidate is chosen as in a noisy channel (Kernighan, Church and Gale
1990): how likely the slip, how common the word.

A word is only mended to one of its own language: a German word that no document uses is not an English one
misspelled, and what it means still finds something.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from knowledge.search.letters import look_german
from knowledge.search.words import EVERY_STOP_WORD, STOP_WORDS

LONGEST = 24
"""Words longer than this are neither corrected nor offered: they are names and data more often than words."""

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_VOWELS = "aeiouy"


def _substitution_costs() -> NDArray[np.float32]:
    """What it costs to read one letter for another, [128, 128]: less for neighbours on the keyboard and vowels."""
    costs = np.ones((128, 128), dtype=np.float32)
    np.fill_diagonal(costs, 0.0)
    for row in _ROWS:
        for left, right in pairwise(row):
            costs[ord(left), ord(right)] = costs[ord(right), ord(left)] = 0.8
    for one in _VOWELS:
        for other in _VOWELS:
            if one != other:
                costs[ord(one), ord(other)] = 0.7
    for one, other in ("sc", "sz", "ck", "kq", "fv", "td", "mn", "gj"):
        costs[ord(one), ord(other)] = costs[ord(other), ord(one)] = 0.8
    return costs


_ENDINGS = ("e", "em", "en", "er", "es", "et", "n", "s", "st", "t", "te", "ten")
"""Of German nouns, verbs and adjectives; a stem leaves more of them apart than a reader would."""

_SUBSTITUTE = _substitution_costs()
_TRANSPOSE = 0.7
_DOUBLED = 0.5
_FIRST_LETTER = 0.5
_FORGOTTEN = 0.85
"""A letter left out while typing; one typed too many costs 1."""

RARE, SMALL_CORPUS = 2, 300
"""A word in fewer documents than this may itself be a slip of an author, unless there are few documents at all."""
COMMON_ENOUGH = 8
"""A word in this many documents is never doubted."""
CERTAINLY_RARER = 20
"""A word that is in use is doubted only when a word close to it is this many times as common."""
CERTAIN, ONE_SLIP, COMMON_SLIP = 1.75, 1.0, 0.75
"""Corrections nearer than the first may be made unasked. Up to the second they are one slip: a German word further from
an English one is no slip, but its relation (``Kalender`` beside ``calendar``). Nearer than the last they are one slip of
the usual kinds, which is likelier than another language when only the letters speak for that."""
COMMON, DISTANCE = 0.35, 2.5
"""One whole edit weighs as much as a word being about a thousand times as common."""


@dataclass(frozen=True)
class Correction:
    """A word of a query and what to read in its place; ``sure`` when it may be done unasked."""

    word: str
    replacement: str
    sure: bool
    related: bool = False
    """The word is right, and the replacement its relation in another language: asked for beside it."""


class Vocabulary:
    """The words that documents use, with the number of documents that use each."""

    def __init__(self, counts: Mapping[str, int], documents: int = SMALL_CORPUS) -> None:
        """Keeps the words that can be misspelled at all.

        :param counts: folded words with document counts.
        :param documents: how many documents there are.
        """
        self.trusted = RARE if documents >= SMALL_CORPUS else 1
        self.counts = {w: n for w, n in counts.items() if 2 <= len(w) <= LONGEST and w.isascii() and w.isalpha()}

    def __contains__(self, word: str) -> bool:
        return word in self.counts

    @cached_property
    def _words(self) -> list[str]:
        return sorted(self.counts)

    @cached_property
    def _letters(self) -> NDArray[np.uint8]:
        """The words as rows of character codes, padded with 0: [words, LONGEST]."""
        joined = "".join(word.ljust(LONGEST, "\0") for word in self._words)
        return np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, LONGEST)

    @cached_property
    def _lengths(self) -> NDArray[np.int8]:
        return np.array([len(word) for word in self._words], dtype=np.int8)

    @cached_property
    def _masks(self) -> NDArray[np.uint32]:
        """One bit for each letter that occurs in the word: [words]."""
        return np.array([_mask(word) for word in self._words], dtype=np.uint32)

    def near(self, word: str, most: float) -> list[tuple[str, float]]:
        """The words within a weighted edit distance, nearest first, with that distance."""
        if not self.counts or not word.isascii() or not 3 <= len(word) <= LONGEST:
            return []
        edits = int(np.ceil(most / _DOUBLED)) if most < 1 else int(np.ceil(most / 0.7))
        edits = min(edits, 2)
        close = np.abs(self._lengths - np.int8(len(word))) <= edits
        close &= np.bitwise_count(self._masks ^ np.uint32(_mask(word))) <= 2 * edits
        rows = np.flatnonzero(close)
        distances = _edit_distances(word, self._letters[rows], self._lengths[rows])
        found = [(self._words[rows[i]], float(distances[i])) for i in np.flatnonzero(distances <= most)]
        return sorted(found, key=lambda pair: (pair[1], -self.counts[pair[0]], pair[0]))

    def starting_with(self, prefix: str) -> list[str]:
        """The words that begin with a prefix, the most common first."""
        found = []
        for word in self._words[bisect_left(self._words, prefix) :]:
            if not word.startswith(prefix):
                break
            found.append(word)
        return sorted(found, key=lambda w: -self.counts[w])

    def compounds_of(self, word: str, most: int = 6) -> list[str]:
        """Longer words that begin or end with a word, the most common first: German writes compounds as one."""
        if len(word) < 5:
            return []
        found = [w for w in self.counts if len(w) > len(word) + 2 and (w.startswith(word) or w.endswith(word))]
        return sorted(found, key=lambda w: (-self.counts[w], w))[:most]


def _mask(word: str) -> int:
    mask = 0
    for letter in word:
        mask |= 1 << (ord(letter) & 31)
    return mask


def _edit_distances(word: str, letters: NDArray[np.uint8], lengths: NDArray[np.int8]) -> NDArray[np.float32]:
    """Weighted optimal-string-alignment distance of one word to many.

    Damerau (1964) with costs: a transposed pair, a doubled or undoubled letter, a neighbouring key and a
    wrong vowel cost less than one edit; a wrong first letter costs more, because people rarely miss it.

    :param letters: character codes, [candidates, LONGEST], padded with 0.
    :param lengths: [candidates].
    :returns: distances, [candidates].
    """
    count = len(letters)
    if count == 0:
        return np.zeros(0, dtype=np.float32)
    codes = [ord(letter) for letter in word]
    width = int(lengths.max())
    table = np.zeros((len(codes) + 1, width + 1, count), dtype=np.float32)
    table[1:, 0, :] = np.arange(1, len(codes) + 1, dtype=np.float32)[:, None] + _FIRST_LETTER
    table[0, 1:, :] = np.arange(1, width + 1, dtype=np.float32)[:, None] + _FIRST_LETTER
    columns = np.ascontiguousarray(letters.T)
    for i, code in enumerate(codes, start=1):
        drop = _DOUBLED if i > 1 and codes[i - 2] == code else 1.0
        for j in range(1, width + 1):
            column = columns[j - 1]
            first = _FIRST_LETTER if i == 1 and j == 1 else 0.0
            substituted = _SUBSTITUTE[code][np.minimum(column, 127)]
            best = table[i - 1, j - 1] + substituted + np.where(substituted > 0, first, 0.0)
            np.minimum(best, table[i - 1, j] + drop, out=best)
            missing = np.where(columns[j - 2] == column, _DOUBLED, _FORGOTTEN) if j > 1 else 1.0
            np.minimum(best, table[i, j - 1] + missing, out=best)
            if i > 1 and j > 1:
                swapped = (column == codes[i - 2]) & (columns[j - 2] == code)
                np.minimum(best, np.where(swapped, table[i - 2, j - 2] + _TRANSPOSE, np.inf), out=best)
            table[i, j] = best
    distances: NDArray[np.float32] = table[len(codes), lengths.astype(np.intp), np.arange(count)]
    return distances


class Speller:
    """Corrects the words of a query against a vocabulary."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        protected: Iterable[str] = (),
        accepted: frozenset[str] = frozenset(),
        by_language: Callable[[str], Vocabulary] | None = None,
    ) -> None:
        """Works for one state of the vocabulary.

        :param protected: folded words that are right as they are, such as the names in the glossary.
        :param accepted: folded words of English at large, which are right though no document uses them.
        :param by_language: gives the words of the documents in a language; all words by default.
        """
        self._vocabulary = vocabulary
        self._by_language = by_language or (lambda _: vocabulary)
        self._protected = frozenset(protected)
        self._accepted = accepted

    def known(self, word: str, language: str | None = None) -> bool:
        """Whether the word may stand: it is in use, protected, or not a word that could be misspelled."""
        if word in self._protected or not word.isascii() or not word.isalpha() or not 3 <= len(word) <= LONGEST:
            return True
        if word in STOP_WORDS.get(language or "", EVERY_STOP_WORD):
            return True
        return word in self._accepted or self._vocabulary.counts.get(word, 0) >= COMMON_ENOUGH

    def correct(self, query_words: list[str], language: str | None = None) -> list[Correction]:
        """The corrections for the words of a query, at most one for each distinct word.

        :param query_words: folded words in order, without identifiers.
        :param language: of the query, when its stop words tell; else the letters of its words may.
        """
        doubtful = [word for word in dict.fromkeys(query_words) if not self.known(word, language)]
        if not doubtful:
            return []
        by_letters = language is None and look_german(query_words, self._accepted)
        if by_letters:
            language = "de"
        own = self._by_language(language) if language else self._vocabulary
        if language == "de":
            doubtful = [word for word in doubtful if not _is_form(own, word)]
        # English words stand in German documents, too: as terms, and as titles of English ones.
        foreign = self._accepted if language == "de" else frozenset[str]()
        found = [self._correct(word, own, foreign=foreign) for word in doubtful]
        if by_letters:
            pairs = zip(doubtful, found, strict=True)
            found = [correction or self._correct(word, self._vocabulary, COMMON_SLIP) for word, correction in pairs]
        return [correction for correction in found if correction is not None]

    def _correct(
        self, word: str, own: Vocabulary, most: float = np.inf, foreign: frozenset[str] = frozenset()
    ) -> Correction | None:
        """The best correction of one word from a vocabulary, at most so far away; further than a slip from a foreign one, it is related."""
        present = self._vocabulary.counts.get(word, 0)
        scored = [
            (_worth(own, candidate, distance), distance, candidate)
            for candidate, distance in _candidates(own, word)
            if own.counts[candidate] >= max(own.trusted, present * CERTAINLY_RARER)
        ]
        if present < own.trusted:
            scored += _splits(own, word) + _completions(own, word)
        scored = [one for one in scored if one[1] <= most]
        if not scored:
            return None
        _, distance, best = max(scored)
        related = best in foreign and distance > ONE_SLIP
        return Correction(word, best, present < own.trusted and distance <= CERTAIN and not related, related)

    def joined(self, query_words: list[str]) -> list[str]:
        """The words that two neighbours of the query form together (``power shell``), when they are in use."""
        pairs = pairwise(query_words)
        return [
            one + two for one, two in pairs if self._vocabulary.counts.get(one + two, 0) >= self._vocabulary.trusted
        ]


def _is_form(own: Vocabulary, word: str) -> bool:
    """Whether a German word is another form of one in use (``druckt`` beside ``drucken``, ``gebe`` beside ``geben``)."""
    bases = {word.removesuffix(ending) for ending in _ENDINGS}
    if not word.endswith("e"):
        bases -= {word}
    forms = {base + ending for base in bases if len(base) >= 4 for ending in ("", *_ENDINGS)}
    return any(form in own for form in forms - {word})


def _candidates(own: Vocabulary, word: str) -> list[tuple[str, float]]:
    allowed = 1.0 if len(word) <= 4 else 1.7 if len(word) <= 6 else 2.2
    return own.near(word, allowed)[:30]


def _worth(own: Vocabulary, candidate: str, distance: float) -> float:
    return COMMON * float(np.log(own.counts[candidate])) - DISTANCE * distance


def _splits(own: Vocabulary, word: str) -> list[tuple[float, float, str]]:
    """Two words written as one (``loginpage``): both halves must be in use."""
    found = []
    for cut in range(3, len(word) - 2):
        left, right = word[:cut], word[cut:]
        rarer = min(own.counts.get(left, 0), own.counts.get(right, 0))
        if rarer >= COMMON_ENOUGH:
            found.append((COMMON * float(np.log(rarer)) - DISTANCE * 1.0, 1.0, f"{left} {right}"))
    return found


def _completions(own: Vocabulary, word: str) -> list[tuple[float, float, str]]:
    """The rest of a word that was cut short (``distrib``)."""
    if len(word) < 5:
        return []
    longer = [w for w in own.starting_with(word)[:5] if own.counts[w] >= own.trusted]
    return [(_worth(own, w, 1.4), 1.4, w) for w in longer]
