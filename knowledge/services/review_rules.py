"""Rules that say how often articles are looked at again, and what a change of them means for articles."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy.orm import joinedload, selectinload

from knowledge.enums import READABLE_STATES, ArticleType, Event
from knowledge.errors import RuleRefused
from knowledge.models import Article, ReviewRule, Section, Tag
from knowledge.services.review_periods import applies, list_rules, next_review, review_months
from portal.core import clock
from portal.core.audit import services as audit
from portal.core.audit.services import Actor
from portal.core.db import db


@dataclass(frozen=True)
class RuleEffect:
    """What a rule changes: how many articles it is about, how many get another date, and how many are due at once."""

    about: int
    moved: int
    due_now: int


def draft_rule(
    *, months: int, section: Section | None, kind: ArticleType | None, tag: Tag | None, older_than_months: int | None
) -> ReviewRule:
    """Return a rule that is not stored.

    Raises:
        RuleRefused: it names no condition at all, which would be a rule for everything.
    """
    if section is None and kind is None and tag is None and older_than_months is None:
        raise RuleRefused(gettext("Choose at least one of section, type, tag and age."))
    return ReviewRule(
        months=months,
        section_id=section.id if section else None,
        type=kind,
        tag_id=tag.id if tag else None,
        older_than_months=older_than_months,
    )


def effect_of(rule: ReviewRule) -> RuleEffect:
    """Tell what a rule would change, without changing anything."""
    rules, now = [*list_rules(), rule], clock.now()
    about = [article for article in _published() if applies(rule, article)]
    moved = due = 0
    for article in about:
        wanted = next_review(article.reviewed_at, review_months(article, rules))
        if wanted is not None and wanted != article.review_due_at:
            moved += 1
            due += wanted <= now and (article.review_due_at is None or article.review_due_at > now)
    return RuleEffect(len(about), moved, due)


def add_rule(rule: ReviewRule, *, actor: Actor) -> RuleEffect:
    """Store a rule and move the review of every article it is about."""
    effect = effect_of(rule)
    db.session.add(rule)
    db.session.flush()
    audit.record(Event.RULE_ADDED, rule, actor=actor, after=_told(rule) | {"articles": effect.moved})
    set_due_dates(article for article in _published() if applies(rule, article))
    return effect


def remove_rule(rule: ReviewRule, *, actor: Actor) -> None:
    """Remove a rule; the articles it was about get the date that the others give."""
    about = [article for article in _published() if applies(rule, article)]
    audit.record(Event.RULE_REMOVED, rule, actor=actor, before=_told(rule))
    db.session.delete(rule)
    db.session.flush()
    set_due_dates(about)


def set_due_dates(articles: Iterable[Article]) -> None:
    """Write anew when the reviews of published articles are due. Reviews asked for after an emergency stay as they are."""
    rules = list_rules()
    changed = [
        {"id": article.id, "review_due_at": due}
        for article in articles
        if article.reviewed_at is not None
        and (due := next_review(article.reviewed_at, review_months(article, rules))) != article.review_due_at
    ]
    if changed:
        # One statement for thousands; nobody edits the date, so the articles' revision need not move.
        columns = Article.__table__.c
        statement = (
            sa.update(Article).where(columns.id == sa.bindparam("of")).values({"review_due_at": sa.bindparam("due")})
        )
        db.session.connection().execute(
            statement, [{"of": item["id"], "due": item["review_due_at"]} for item in changed]
        )
        db.session.expire_all()


def _published() -> list[Article]:
    query = (
        sa.select(Article)
        .where(Article.state.in_(READABLE_STATES))
        .options(joinedload(Article.section), selectinload(Article.tags))
        .order_by(Article.id)
    )
    # Every section once, so that walking up to their parents asks for nothing.
    db.session.scalars(sa.select(Section)).all()
    return list(db.session.scalars(query))


def _told(rule: ReviewRule) -> dict[str, object]:
    names = ("months", "section_id", "type", "tag_id", "older_than_months")
    return {name: value for name in names if (value := getattr(rule, name)) is not None}
