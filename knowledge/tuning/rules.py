"""What owners have set for the search, in the shape in which the engine takes it.

Every change is audited, and what a process remembers of it holds only while the audit trail stands still: a rule takes
effect with the next search everywhere, without a restart and without touching the index.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import sqlalchemy as sa

from knowledge.search.parse import normalised
from knowledge.tuning.enums import PromotionMatch
from knowledge.tuning.models import PromotedAnswer, SynonymGroup
from portal.core import clock
from portal.core.db import db
from portal.core.web.remembering import remembered


@dataclass(frozen=True)
class Promotion:
    """An article and the searches it is promoted for."""

    id: int | None
    article_id: int
    phrases: tuple[str, ...]
    match: PromotionMatch
    last_day: date | None = None

    @cached_property
    def folded(self) -> tuple[str, ...]:
        return tuple(filter(None, map(normalised, self.phrases)))

    def fits(self, words: str, today: date) -> bool:
        if self.last_day is not None and today > self.last_day:
            return False
        if self.match is PromotionMatch.WHOLE:
            return words in self.folded
        return any(f" {phrase} " in f" {words} " for phrase in self.folded)


@dataclass(frozen=True)
class Rules:
    """Synonym groups and promotions by their ids; None is the id of one that is only tried out."""

    groups: dict[int | None, tuple[str, ...]] = field(default_factory=dict)
    promotions: tuple[Promotion, ...] = ()

    @cached_property
    def synonyms(self) -> dict[str, tuple[str, ...]]:
        """Each folded term with what else it is called."""
        others: dict[str, list[str]] = {}
        for terms in self.groups.values():
            folded = {normalised(term): term for term in terms}
            for phrase in folded:
                others.setdefault(phrase, []).extend(term for key, term in folded.items() if key != phrase)
        return {phrase: tuple(terms) for phrase, terms in others.items() if phrase}

    def promoted(self, query: str) -> tuple[int, ...]:
        """Return the articles promoted for a search, those for exactly this search first."""
        if not self.promotions:
            return ()
        words, today = normalised(query), clock.now().date()
        fitting = [promotion for promotion in self.promotions if promotion.fits(words, today)]
        fitting.sort(key=lambda promotion: (words not in promotion.folded, promotion.id or 0))
        return tuple(dict.fromkeys(promotion.article_id for promotion in fitting))

    def with_synonyms(self, terms: Sequence[str], *, instead_of: int | None = None) -> Rules:
        kept = {number: group for number, group in self.groups.items() if number != instead_of}
        return replace(self, groups={**kept, None: tuple(terms)})

    def with_promotion(self, promotion: Promotion, *, instead_of: int | None = None) -> Rules:
        kept: Iterable[Promotion] = (item for item in self.promotions if item.id != instead_of)
        # The one that is tried out counts as the newest does: after those that were there before.
        return replace(self, promotions=(*kept, promotion))


def current_rules() -> Rules:
    """Return the rules that hold now."""
    return remembered(_read, "search rules")


def _read() -> Rules:
    groups = db.session.execute(sa.select(SynonymGroup.id, SynonymGroup.terms).order_by(SynonymGroup.id))
    promoted = db.session.execute(
        sa.select(
            PromotedAnswer.id,
            PromotedAnswer.article_id,
            PromotedAnswer.phrases,
            PromotedAnswer.match,
            PromotedAnswer.last_day,
        ).order_by(PromotedAnswer.id)
    )
    return Rules(
        groups={number: tuple(terms) for number, terms in groups},
        promotions=tuple(
            Promotion(number, article_id, tuple(phrases), match, last_day)
            for number, article_id, phrases, match, last_day in promoted
        ),
    )
