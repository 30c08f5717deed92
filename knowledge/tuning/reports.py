"""What people searched for, counted for owners."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from knowledge.tuning.enums import SearchOutcome
from knowledge.tuning.models import SearchQuery, SearchStep
from portal.core import clock
from portal.core.db import db
from portal.core.web.paging import PER_PAGE, Page, requested_page

PERIODS = (7, 30, 90, 365)
# Rows of a file; further ones were asked once.
MOST_EXPORTED = 5_000


class SearchList(StrEnum):
    """The lists of searches that owners look at."""

    TOP = "top"
    NOTHING = "nothing"
    UNOPENED = "unopened"
    TRIED_AGAIN = "tried_again"


@dataclass(frozen=True)
class AskedFor:
    """One search, however often it was made."""

    text: str
    times: int
    visits: int
    results: int
    opened: int
    solved: int
    asked: int
    next_words: str = ""


@dataclass(frozen=True)
class Totals:
    """The searches of a period."""

    searches: int
    nothing: int
    unopened: int
    tried_again: int
    degraded: int


def _did(outcome: SearchOutcome) -> sa.ColumnElement[bool]:
    return sa.exists().where(SearchStep.token == SearchQuery.token, SearchStep.outcome == outcome)


def _count(condition: sa.ColumnElement[bool] | InstrumentedAttribute[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


_OPENED = _did(SearchOutcome.OPENED)
_CONDITIONS: dict[SearchList, sa.ColumnElement[bool]] = {
    SearchList.TOP: sa.true(),
    SearchList.NOTHING: SearchQuery.results == 0,
    SearchList.UNOPENED: sa.and_(SearchQuery.results > 0, ~_OPENED),
    SearchList.TRIED_AGAIN: sa.and_(SearchQuery.next_words != "", ~_OPENED),
}


def totals(days: int) -> Totals:
    """Return the numbers of a period; one query."""
    query = sa.select(
        sa.func.count(),
        *(_count(_CONDITIONS[name]) for name in (SearchList.NOTHING, SearchList.UNOPENED, SearchList.TRIED_AGAIN)),
        _count(SearchQuery.degraded),
    ).where(_within(days))
    return Totals(*map(int, db.session.execute(query).one()))


def page_of_searches(which: SearchList, days: int) -> Page[AskedFor]:
    """Return the searches of a list, the most frequent first, for the page of the URL."""
    query = _grouped(which, days)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(query.order_by(None).subquery())) or 0
    number = requested_page()
    rows = db.session.execute(query.limit(PER_PAGE).offset((number - 1) * PER_PAGE))
    return Page([_as_asked(row) for row in rows], number, PER_PAGE, total)


def csv_of_searches(which: SearchList, days: int, heads: Sequence[str]) -> Iterator[str]:
    """Return the lines of a file with a whole list."""
    yield _line(heads)
    for row in db.session.execute(_grouped(which, days).limit(MOST_EXPORTED)):
        found = _as_asked(row)
        yield _line(
            (
                # A spreadsheet would take a cell that begins so for a formula.
                f"'{found.text}" if found.text.startswith(("=", "+", "-", "@")) else found.text,
                found.times,
                found.visits,
                found.results,
                found.opened,
                found.solved,
                found.asked,
                found.next_words,
            )
        )


def _within(days: int) -> sa.ColumnElement[bool]:
    return SearchQuery.at >= clock.now() - timedelta(days=days)


def _grouped(which: SearchList, days: int) -> sa.Select[*tuple[Any, ...]]:
    times = sa.func.count().label("times")
    query: sa.Select[*tuple[Any, ...]] = (
        sa.select(
            sa.func.max(SearchQuery.text),
            times,
            sa.func.count(sa.distinct(SearchQuery.visit)),
            sa.func.max(SearchQuery.results),
            _count(_OPENED),
            _count(_did(SearchOutcome.SOLVED)),
            _count(_did(SearchOutcome.ASKED)),
            sa.func.max(SearchQuery.next_words),
        )
        .where(_within(days), _CONDITIONS[which])
        .group_by(SearchQuery.words)
        .order_by(times.desc(), SearchQuery.words)
    )
    return query


def _as_asked(row: sa.Row[*tuple[Any, ...]]) -> AskedFor:
    return AskedFor(*tuple(row))


def _line(cells: Sequence[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
