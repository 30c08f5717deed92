"""Counting how often articles are read and by how many, without keeping who read what.

A view is noted in memory and written after the answer (``portal.core.gathering``). Readers are told apart within one
day by a hash with a salt of that day; salt and hashes are deleted when the day is over, and only the number stays.
Whoever comes back tomorrow is counted again.
"""

import hmac
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from knowledge.models import Article, ArticleDay, ArticleVersion, ReaderOfDay, ReaderSalt
from portal.core import clock
from portal.core.db import Model, db
from portal.core.gathering import gathered

_ROBOT = re.compile(
    r"(?<!cu)bot\b|(?<!cu)bot[/;_-]|crawl|spider|slurp|preview|fetch|monitor|check|scan|archiv|feed|headless|curl|wget|python|java/|"
    r"go-http|okhttp|libwww|httpx?/|postman|externalhit|^$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class View:
    """Somebody read an article; ``reader`` tells people apart and is forgotten within seconds."""

    article_id: int
    day: date
    reader: str
    user_id: int | None


def is_robot(agent: str) -> bool:
    """Whether a program announces itself as something that is no person with a browser."""
    return _ROBOT.search(agent.strip()) is not None


def note_view(article_id: int, *, reader: str, user_id: int | None) -> None:
    """Note that somebody read an article; it costs no query and is written within seconds."""
    write_views.note(View(article_id, clock.now().date(), reader, user_id))


@gathered("knowledge.views")
def write_views(views: Sequence[View]) -> None:
    """Add views to the numbers of their days; those of people who wrote or own the article are left out."""
    counted = _without_own(views)
    days = sorted({(view.article_id, view.day) for view in counted})
    if not days:
        return
    salts = {day: _salt_of(day) for day in {view.day for view in counted}}
    seen = {(view.day, view.article_id, _hashed(salts[view.day], view)) for view in counted}
    fresh = _insert_new(ReaderOfDay, [dict(zip(("day", "article_id", "reader"), key, strict=True)) for key in seen])
    readers = Counter((row["article_id"], row["day"]) for row in fresh)
    # In one order for every process, so that two who write at once wait for each other and do not lock up.
    _insert_new(ArticleDay, [{"article_id": number, "day": day, "views": 0, "readers": 0} for number, day in days])
    views_of = Counter((view.article_id, view.day) for view in counted)
    for key in days:
        number, day = key
        db.session.execute(
            sa.update(ArticleDay)
            .where(ArticleDay.article_id == number, ArticleDay.day == day)
            .values(views=ArticleDay.views + views_of[key], readers=ArticleDay.readers + readers[key])
            .execution_options(synchronize_session=False)
        )


def forget_readers() -> None:
    """Delete the salts and hashes of days that are over."""
    today = clock.now().date()
    db.session.execute(sa.delete(ReaderOfDay).where(ReaderOfDay.day < today))
    db.session.execute(sa.delete(ReaderSalt).where(ReaderSalt.day < today))


def _without_own(views: Iterable[View]) -> list[View]:
    ids = sorted({view.article_id for view in views})
    people = sorted({view.user_id for view in views if view.user_id is not None})
    known = {
        number: {owner, creator}
        for number, owner, creator in db.session.execute(
            sa.select(Article.id, Article.owner_id, Article.created_by_id).where(Article.id.in_(ids))
        )
    }
    wrote = sa.select(ArticleVersion.article_id, ArticleVersion.author_id).where(
        ArticleVersion.article_id.in_(ids), ArticleVersion.author_id.in_(people)
    )
    for number, author in db.session.execute(wrote.distinct()) if people else ():
        known[number].add(author)
    # An article may be gone by now.
    return [
        view
        for view in views
        if view.article_id in known and (view.user_id is None or view.user_id not in known[view.article_id])
    ]


def _salt_of(day: date) -> str:
    _insert_new(ReaderSalt, [{"day": day, "salt": secrets.token_hex(32)}])
    return db.session.scalars(sa.select(ReaderSalt.salt).where(ReaderSalt.day == day)).one()


def _hashed(salt: str, view: View) -> str:
    return hmac.new(salt.encode(), view.reader.encode("utf-8", "replace"), sha256).hexdigest()[:32]


def _insert_new(model: type[Model], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Insert rows whose key is not there yet, and return those."""
    keys = list(model.__table__.primary_key)
    rows = sorted(rows, key=lambda row: tuple(str(row[column.name]) for column in keys))
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement = insert(model).on_conflict_do_nothing().returning(*keys)
    return [dict(row) for row in db.session.execute(statement, rows).mappings()] if rows else []
