"""The keyword half: what an engine must do, and the words of documents and queries that all engines share.

An engine writes the documents of one segment of the index into a folder once, and scores queries against
it. Which documents a reader may see is known before anything is scored: hidden documents take no part in
ranking, in counting, or in how rare a word is held to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.search.document import Passage, SearchDocument
from knowledge.search.words import identifier_parts, identifiers, stem, terms

Mask = NDArray[np.bool_]
Scores = NDArray[np.float32]

WEIGHTS: dict[str, float] = {"title": 5.0, "summary": 3.0, "headings": 1.5, "labels": 2.0, "body": 1.0}
"""How much one occurrence counts by field. Codes are matched apart: there, once is all it takes."""
FIELDS = (*WEIGHTS, "codes")
SATURATION = 2.0
"""BM25's k1: long questions gain from a word that keeps occurring, so it is higher than the textbook's 1.2."""
LENGTH_NORM = 0.85
"""BM25's b, for every weighted field but the labels, which are short by nature."""
LABEL_LENGTH_NORM = 0.3


@dataclass(frozen=True)
class DocumentTerms:
    """The index terms of one document by field, in order."""

    fields: dict[str, list[str]]
    sequence: list[str]
    """Title, headings and text as one run of terms, for questions of order and nearness."""


@dataclass(frozen=True)
class QueryTerm:
    """One thing asked for: forms that all mean it, and how much it counts."""

    forms: tuple[str, ...]
    weight: float = 1.0
    word: str = ""


@dataclass(frozen=True)
class TermQuery:
    """A query as the keyword half sees it."""

    terms: tuple[QueryTerm, ...] = ()
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeywordScores:
    """What a query scores in one segment.

    words: BM25F, [rows]. codes: the summed rarity of the identifiers that stand in the document, [rows].
    coverage: the share of the query's weight, by rarity, that the document has, 0 to 1, [rows].
    """

    words: Scores
    codes: Scores
    coverage: Scores


@dataclass(frozen=True)
class Rarity:
    """Inverse document frequencies of a query's terms and codes over all that the reader may see."""

    terms: tuple[float, ...]
    codes: tuple[float, ...]
    mean_lengths: dict[str, float]


class KeywordSegment(Protocol):
    """One opened segment of a keyword engine."""

    def frequencies(self, query: TermQuery, allowed: Mask) -> tuple[list[int], list[int]]:
        """In how many of the allowed documents each term and each code of the query stands."""

    def score(self, query: TermQuery, rarity: Rarity, allowed: Mask) -> KeywordScores:
        """Scores the documents of the segment; those not allowed score 0."""


class KeywordEngine(Protocol):
    """Writes and opens segments."""

    name: str

    def write(self, folder: Path, documents: Iterable[DocumentTerms]) -> None:
        """Writes documents into an empty folder; the first gets row 0."""

    def open(self, folder: Path, lengths: NDArray[np.int32]) -> KeywordSegment:
        """Opens a written folder.

        :param lengths: how many terms each document has by weighted field, [rows, fields].
        :raises OSError: when the folder is damaged.
        """


def document_terms(document: SearchDocument, passages: Sequence[Passage]) -> DocumentTerms:
    """Reads a document into terms, with the word forms of its language."""
    language = document.language
    headings = list(dict.fromkeys(p.heading for p in passages if p.heading))
    # The summary stands in the first passage too, but counts once, in its own field.
    body = "\n".join(p.text for p in passages if p.heading or p.text != document.summary)
    labels = " ".join((document.section, *document.tags, *document.services))
    hidden = [stem(part, language) for part in identifier_parts(body)]
    fields = {
        "title": terms(document.title, language),
        "summary": terms(document.summary, language),
        "headings": terms("\n".join(headings), language),
        "labels": terms(labels, language),
        "body": terms(body, language) + hidden,
        "codes": list(identifiers("\n".join((document.title, document.summary, *headings, body, *document.tags)))),
    }
    sequence = list(fields["title"])
    for passage in passages:
        sequence += ["", *terms(f"{passage.heading}\n{passage.text}", language)]
    return DocumentTerms(fields, sequence)


def inverse_document_frequency(documents: int, having: int) -> float:
    """How rare a term is, never below zero: ln(1 + (N - n + 0.5) / (n + 0.5)), as in Robertson and Zaragoza 2009."""
    return float(np.log1p((documents - having + 0.5) / (having + 0.5)))
