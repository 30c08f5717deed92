"""Searches that helped others, offered while somebody types.

Only what several visits asked and opened something for is offered, and never to somebody who could learn from it of
what they may not read: one of the articles that were opened must be theirs to see, and every word must stand in
articles that are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import current_app

from knowledge.search.parse import clean
from knowledge.search.words import words
from knowledge.tuning.enums import SearchOutcome
from knowledge.tuning.models import PopularQuery, SearchQuery, SearchStep
from portal.core import clock
from portal.core.db import db

if TYPE_CHECKING:
    from knowledge.search.index import SearchIndex

EXTENSION = "portico_popular_searches"
LEAST_VISITS = 3
WITHIN = timedelta(days=90)
MOST = 2_000
# Searches that fit what was typed and are looked at for one reader.
MOST_LOOKED_AT = 40
# A search that a process learns of a minute late is soon enough.
HELD_SECONDS = 60.0


@dataclass(frozen=True)
class Popular:
    """A search to offer: its words with a space before each, and what was opened for it."""

    text: str
    line: str
    article_ids: tuple[int, ...]


def renew_popular() -> None:
    """Make the list anew from the log."""
    opened = SearchStep.outcome == SearchOutcome.OPENED
    query = (
        sa.select(SearchQuery.words, SearchQuery.text, SearchQuery.visit, SearchStep.article_id)
        .join(SearchStep, SearchStep.token == SearchQuery.token)
        .where(SearchQuery.at >= clock.now() - WITHIN, SearchQuery.results > 0, opened)
        .order_by(SearchQuery.at)
    )
    visits: dict[str, set[str]] = defaultdict(set)
    articles: dict[str, Counter[int]] = defaultdict(Counter)
    texts: dict[str, str] = {}
    for asked, text, visit, article_id in db.session.execute(query):
        # What was masked would be offered with its marks.
        if "[" not in text and asked and article_id:
            visits[asked].add(visit)
            articles[asked][article_id] += 1
            texts[asked] = text
    most = sorted((asked for asked in visits if len(visits[asked]) >= LEAST_VISITS), key=lambda a: -len(visits[a]))
    db.session.execute(sa.delete(PopularQuery))
    db.session.add_all(
        PopularQuery(
            words=asked,
            text=texts[asked],
            visits=len(visits[asked]),
            article_ids=[number for number, _ in articles[asked].most_common(5)],
        )
        for asked in most[:MOST]
    )


def suggest_searches(typed: str, index: SearchIndex, audience: frozenset[str], limit: int) -> list[str]:
    """Return searches that begin with what was typed, or hold it, the most asked first; no query as a rule."""
    wanted = " ".join(words(clean(typed)[:100]))
    if len(wanted) < 2:
        return []
    fitting = [popular for popular in _popular() if f" {wanted}" in popular.line and popular.line.strip() != wanted]
    fitting.sort(key=lambda popular: not popular.line.startswith(f" {wanted}"))
    fitting = fitting[:MOST_LOOKED_AT]
    seen = index.in_view([(popular.line, popular.article_ids) for popular in fitting], audience=audience)
    return [popular.text for popular, may in zip(fitting, seen, strict=True) if may][:limit]


def _popular() -> tuple[Popular, ...]:
    held: tuple[float, tuple[Popular, ...]] | None = current_app.extensions.get(EXTENSION)
    if held is None or monotonic() - held[0] > HELD_SECONDS:
        query = sa.select(PopularQuery.text, PopularQuery.words, PopularQuery.article_ids)
        rows = db.session.execute(query.order_by(PopularQuery.visits.desc(), PopularQuery.id))
        found = tuple(Popular(text, f" {asked} ", tuple(ids)) for text, asked, ids in rows)
        held = current_app.extensions[EXTENSION] = (monotonic(), found)
    return held[1]
