"""Paging and sorting by URL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from flask import request
from sqlalchemy.sql.elements import ColumnElement

from portal.core.db import db

T = TypeVar("T")
PER_PAGE = 25
# Deeper pages help nobody and let a crawler walk a table; searching does.
MAX_PAGE = 10_000


@dataclass(frozen=True)
class Page(Generic[T]):
    """A slice of a list with what the pagination needs to know."""

    items: Sequence[T]
    page: int
    per_page: int
    total: int
    # There are more than ``total``; they were not counted.
    has_uncounted: bool = False

    @property
    def pages(self) -> int:
        return max(1, ceil(self.total / self.per_page))

    @property
    def has_prev(self) -> bool:
        return self.page > 1

    @property
    def has_next(self) -> bool:
        return self.page < self.pages

    @property
    def first(self) -> int:
        return (self.page - 1) * self.per_page + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.page * self.per_page, self.total)


def requested_page() -> int:
    """Return the page number of the URL, 1 when it has none or nonsense."""
    wanted = request.args.get("page", "1")
    return min(max(int(wanted), 1), MAX_PAGE) if wanted.isascii() and wanted.isdigit() and len(wanted) < 9 else 1


def paginate(
    query: sa.Select[T], *, per_page: int = PER_PAGE, count_up_to: int | None = None, found: int | None = None
) -> Page[T]:
    """Run a query of one entity for the page of the URL: one count and one slice.

    ``count_up_to`` stops counting there, for long lists that people narrow down rather than page through. ``found``
    is the number where the page has counted already; beyond ``count_up_to`` it only has to be greater.
    """
    if found is None:
        found = _count(query, count_up_to)
    total = found if count_up_to is None else min(found, count_up_to)
    number = min(requested_page(), max(1, ceil(total / per_page)))
    rows: Sequence[Any] = db.session.scalars(query.limit(per_page).offset((number - 1) * per_page)).unique().all()
    return Page(rows, number, per_page, total, has_uncounted=found > total)


def _count(query: sa.Select[Any], most: int | None) -> int:
    rows = query.order_by(None)
    if most is not None:
        rows = rows.with_only_columns(sa.literal(1), maintain_column_froms=True).limit(most + 1)
    return db.session.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0


def sort_choice(
    columns: Mapping[str, ColumnElement[Any] | Any], *, default: str
) -> tuple[str, list[ColumnElement[Any]]]:
    """Return the sort of the URL (``sort=-created``) and its ORDER BY, without a tie-breaker.

    ``columns`` maps the names a URL may use to columns; anything else falls back to ``default``.
    """
    wanted = request.args.get("sort", default)
    name = wanted.removeprefix("-")
    if name not in columns:
        wanted, name = default, default.removeprefix("-")
    column = columns[name]
    return wanted, [column.desc() if wanted.startswith("-") else column.asc()]
