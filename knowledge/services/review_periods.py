"""How often an article is looked at again: its own months, else the shortest of the rules and the section's."""

import calendar
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from knowledge.models import Article, ReviewRule, Section
from portal.core import clock
from portal.core.db import db

DAYS_OF_MONTH = 30.44


def next_review(reviewed_at: datetime | None, months: int | None) -> datetime | None:
    """Return when the next review is due, by the calendar: a month after 31 January is the end of February."""
    if reviewed_at is None or not months:
        return None
    years, month = divmod(reviewed_at.month - 1 + months, 12)
    year = reviewed_at.year + years
    day = min(reviewed_at.day, calendar.monthrange(year, month + 1)[1])
    return reviewed_at.replace(year=year, month=month + 1, day=day)


def review_months(article: Article, rules: Sequence[ReviewRule] | None = None) -> int | None:
    """Return the months between reviews of an article, None when nothing says any.

    What the article says itself counts alone; of its nearest section that says some and all rules that apply the
    shortest does. Give ``rules`` when asking for many articles.
    """
    if article.review_months:
        return article.review_months
    found = [rule.months for rule in (list_rules() if rules is None else rules) if applies(rule, article)]
    if of_section := _months_of(article.section):
        found.append(of_section)
    return min(found, default=None)


def applies(rule: ReviewRule, article: Article) -> bool:
    """Whether a rule is about an article: every condition that it names is met."""
    if rule.section_id is not None and rule.section_id not in _path(article.section):
        return False
    if rule.type is not None and rule.type != article.type:
        return False
    if rule.tag_id is not None and rule.tag_id not in {tag.id for tag in article.tags}:
        return False
    if rule.older_than_months is None:
        return True
    age = clock.now() - article.created_at
    return age.days >= rule.older_than_months * DAYS_OF_MONTH


def list_rules() -> Sequence[ReviewRule]:
    return db.session.scalars(sa.select(ReviewRule).order_by(ReviewRule.months, ReviewRule.id)).all()


def _months_of(section: Section | None) -> int | None:
    while section is not None:
        if section.review_months:
            return section.review_months
        section = section.parent
    return None


def _path(section: Section | None) -> set[int]:
    found: set[int] = set()
    while section is not None and section.id not in found:
        found.add(section.id)
        section = section.parent
    return found
