"""Makes a row of the ranking into a result that can be shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from knowledge.search.document import Favoured, Hit, Passage, Why
from knowledge.search.fuse import FEATURES, Fusion
from knowledge.search.quote import Matches, mark, quote
from knowledge.search.ranking import CLOSE, Half, Ranking
from knowledge.search.snapshot import View
from knowledge.search.understand import Understood

FEW_WORDS = 0.25
"""Below this share of the query's words a document was found by what it means."""


@dataclass(frozen=True)
class Found:
    """All that is known of a query once its results are ordered."""

    view: View
    half: Half
    understood: Understood
    ranking: Ranking
    fusion: Fusion
    favoured: Favoured

    @cached_property
    def forms(self) -> frozenset[str]:
        """All word forms that count as a match."""
        return frozenset(form for term in self.understood.terms.terms for form in term.forms)

    @cached_property
    def rank_of(self) -> dict[int, int]:
        """The rank of each row, from 0."""
        return {row: rank for rank, row in enumerate(self.ranking.rows.tolist())}


def make_hits(
    found: Found, rows: Sequence[int], similar: Mapping[int, tuple[int, ...]], promoted: Collection[int]
) -> tuple[Hit, ...]:
    """The results for some rows, each with its best passage quoted and the reason why it was found.

    :param similar: the ids of near-duplicates that were folded into a row.
    :param promoted: the rows that an owner put there; they may not have been found at all.
    """
    snapshot, half = found.view.snapshot, found.half
    made: dict[int, Hit] = {}
    for number, segment in enumerate(snapshot.segments):
        first = snapshot.first_rows[number]
        here = [row for row in rows if first <= row < snapshot.first_rows[number + 1]]
        texts = segment.runs([row - first for row in here])
        matches = [
            Matches(segment, row - first, text, found.understood.terms.terms)
            for row, text in zip(here, texts, strict=True)
        ]
        best = [one.best_passage(half.rarity.terms, half.passages[number]) for one in matches]
        chosen = segment.passages_at([(row - first, ordinal) for row, ordinal in zip(here, best, strict=True)])
        for row, one, passage in zip(here, matches, chosen, strict=True):
            made[row] = _hit(found, row, one.words, passage, similar.get(row, ()), promoted=row in promoted)
    return tuple(made[row] for row in rows)


def _hit(
    found: Found, row: int, matched: tuple[str, ...], chosen: Passage, similar: tuple[int, ...], *, promoted: bool
) -> Hit:
    half = found.half
    fact = found.view.snapshot.facts[row]
    score, parts = 0.0, {}
    rank = found.rank_of.get(row)
    if rank is not None:
        score = found.fusion.chance(float(found.ranking.scores[rank]))
        values = found.ranking.features[rank] * found.ranking.weights
        parts = {name: round(float(value), 4) for name, value in zip(FEATURES, values, strict=True)}
    why = _why(float(half.coverage[row]), float(half.meaning[row]), matched=bool(matched))
    return Hit(
        document_id=fact.id,
        score=score,
        title=fact.title,
        title_html=mark(fact.title, found.forms, fact.language),
        type=fact.type,
        section=fact.section,
        language=fact.language,
        services=fact.services,
        updated_at=fact.updated_at,
        quote=quote(chosen, found.forms, fact.language),
        why=Why.PROMOTED if promoted else why,
        matched=matched,
        similar=similar,
        favour=found.favoured.of(fact.services, fact.audience),
        parts=parts,
    )


def _why(coverage: float, meaning: float, *, matched: bool) -> Why:
    """What found a document: its words, its meaning, or both."""
    by_words = matched and coverage >= FEW_WORDS
    by_meaning = meaning >= CLOSE
    if by_words and by_meaning:
        return Why.BOTH
    return Why.WORDS if by_words or (matched and not by_meaning) else Why.MEANING
