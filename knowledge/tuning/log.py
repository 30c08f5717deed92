"""The log of searches: who searched is not in it, and no search waits for it.

Searches, openings and outcomes are notes (``portal.core.gathering``) that are written after the answers. What belongs
to one sitting is known by the name of the visit (``portal.core.web.visit``), which is made by chance and ends soon.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

import sqlalchemy as sa

from knowledge.search.parse import normalised
from knowledge.tuning.enums import SearchOutcome
from knowledge.tuning.masking import LONGEST, masked
from knowledge.tuning.models import SearchQuery, SearchStep
from portal.core import clock
from portal.core.db import db
from portal.core.gathering import gathered

# Another search of the same visit within this time, nothing opened in between, is another try at the same thing.
TRIED_AGAIN_WITHIN = timedelta(minutes=10)
# What a visit comes to is put down to the last search within this time.
OUTCOME_WITHIN = timedelta(minutes=60)
# Web processes write their notes within a second or two. So long an outcome waits for the search or the opening that
# another process noted before it.
WRITTEN_WITHIN = timedelta(seconds=10)
_TOKEN = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Searched:
    """A search that was answered."""

    visit: str
    text: str
    results: int
    corrected: bool
    degraded: bool
    at: datetime = field(default_factory=clock.now)


@dataclass(frozen=True)
class Stepped:
    """What came of a search; ``token`` names the search, or ``visit`` the visit whose last search it was."""

    outcome: SearchOutcome
    article_id: int | None
    token: str = ""
    visit: str = ""
    at: datetime = field(default_factory=clock.now)


def search_token(visit: str, text: str) -> str:
    """Return the name of a search in a visit, which the links of its results carry: the same text, the same name."""
    return blake2b(f"{visit} {normalised(text)}".encode(), digest_size=8).hexdigest()


def note_opened(token: str, article_id: int) -> None:
    """Note that a result of a search was opened; anything that is no token of ours is passed over."""
    if _TOKEN.fullmatch(token):
        write_log.note(Stepped(SearchOutcome.OPENED, article_id, token=token))


def note_outcome(outcome: SearchOutcome, *, visit: str, article_id: int | None = None) -> None:
    """Note what a visit came to; nothing without a visit."""
    if visit:
        write_log.note(Stepped(outcome, article_id, visit=visit))


def note_search(visit: str, text: str, *, results: int, corrected: bool, degraded: bool) -> None:
    write_log.note(Searched(visit, text, results, corrected, degraded))


@gathered("knowledge.searches")
def write_log(notes: Sequence[Searched | Stepped]) -> list[Searched | Stepped]:
    """Write searches and what came of them; return the outcomes whose search may still be on its way."""
    searched = [note for note in notes if isinstance(note, Searched)]
    known = _known({search_token(note.visit, note.text) for note in searched})
    for note in searched:
        token = search_token(note.visit, note.text)
        if token not in known:
            known.add(token)
            _write_search(token, note)
    early: list[Searched | Stepped] = []
    for step in (note for note in notes if isinstance(note, Stepped)):
        belongs_to = step.token or _last_search(step)
        if belongs_to:
            db.session.add(SearchStep(token=belongs_to, outcome=step.outcome, article_id=step.article_id, at=step.at))
        elif clock.now() - step.at < WRITTEN_WITHIN:
            early.append(step)
    return early


def _known(tokens: Collection[str]) -> set[str]:
    return set(db.session.scalars(sa.select(SearchQuery.token).where(SearchQuery.token.in_(sorted(tokens)))))


def _write_search(token: str, note: Searched) -> None:
    text = masked(note.text)
    words = normalised(text)[:LONGEST]
    _mark_tried_again(note, words)
    db.session.add(
        SearchQuery(
            token=token,
            visit=note.visit,
            at=note.at,
            text=text,
            words=words,
            results=note.results,
            corrected=note.corrected,
            degraded=note.degraded,
        )
    )


def _mark_tried_again(note: Searched, words: str) -> None:
    """Put the words of a search beside the one before it in the same visit, when that led to nothing."""
    query = (
        sa.select(SearchQuery)
        .where(SearchQuery.visit == note.visit, SearchQuery.at > note.at - TRIED_AGAIN_WITHIN)
        .where(SearchQuery.at <= note.at)
        .order_by(SearchQuery.at.desc(), SearchQuery.id.desc())
        .limit(1)
    )
    before = db.session.scalars(query).first()
    if before is not None and before.words != words and not before.next_words:
        before.next_words = words


def _last_search(step: Stepped) -> str | None:
    query = (
        sa.select(SearchQuery.token)
        .where(SearchQuery.visit == step.visit, SearchQuery.at > step.at - OUTCOME_WITHIN, SearchQuery.at <= step.at)
        .order_by(SearchQuery.at.desc(), SearchQuery.id.desc())
        .limit(1)
    )
    if step.outcome is SearchOutcome.SOLVED:
        # The search that led to the article which helped, or to asking for help, which showed it; and no other.
        opened = sa.and_(SearchStep.outcome == SearchOutcome.OPENED, SearchStep.article_id == step.article_id)
        led = sa.or_(opened, SearchStep.outcome == SearchOutcome.ASKED)
        query = query.where(sa.exists().where(SearchStep.token == SearchQuery.token, led))
    return db.session.scalar(query)
