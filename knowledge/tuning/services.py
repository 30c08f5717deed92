"""Changing what owners set for the search. None commits."""

from collections.abc import Iterable, Sequence
from datetime import date

import sqlalchemy as sa
from flask_babel import gettext

from knowledge.models import Article
from knowledge.permissions import can_publish
from knowledge.search.parse import normalised
from knowledge.search.words import EVERY_STOP_WORD
from knowledge.tuning.enums import Event, PromotionMatch
from knowledge.tuning.models import PromotedAnswer, SynonymGroup
from portal.core.audit.services import changes, record
from portal.core.db import db
from portal.core.errors import NotAllowed, Refused
from portal.directory.api import User

MOST_TERMS = 12
LONGEST_TERM = 80


class WrongTerms(Refused):
    """The words given cannot be used."""


def save_synonyms(group: SynonymGroup | None, terms: Iterable[str], *, note: str, actor: User) -> SynonymGroup:
    """Make or change a group of words that mean the same; it takes effect with the next search.

    Raises:
        WrongTerms: fewer than two, too many, only small words, or one stands in another group.
    """
    checked = check_terms(terms, except_group=group)
    group = group or SynonymGroup()
    group.terms, group.note = checked, note.strip()
    _keep(group, Event.SYNONYMS_CREATED, Event.SYNONYMS_CHANGED, actor)
    return group


def remove_synonyms(group: SynonymGroup, *, actor: User) -> None:
    record(Event.SYNONYMS_REMOVED, group, actor=actor, before={name: getattr(group, name) for name in group.stated})
    db.session.delete(group)
    db.session.flush()


def check_terms(terms: Iterable[str], *, except_group: SynonymGroup | None = None) -> list[str]:
    """Return the terms tidied, without repeats.

    Raises:
        WrongTerms: see ``save_synonyms``.
    """
    tidy = _tidy(terms)
    if len(tidy) < 2:
        raise WrongTerms(gettext("Give at least two words or phrases, one on each line."), field="terms")
    _check_each(tidy, "terms")
    query = sa.select(SynonymGroup).where(SynonymGroup.id != (except_group.id if except_group else -1))
    taken = {normalised(term): group for group in db.session.scalars(query) for term in group.terms}
    for term in tidy:
        other = taken.get(normalised(term))
        if other is not None:
            raise WrongTerms(
                gettext(
                    "“%(term)s” stands in another group already: %(group)s. Add to that one.", term=term, group=other
                ),
                field="terms",
            )
    return tidy


def save_promotion(
    promotion: PromotedAnswer | None,
    article: Article | None,
    phrases: Iterable[str],
    *,
    match: PromotionMatch,
    last_day: date | None,
    note: str,
    actor: User,
) -> PromotedAnswer:
    """Let an article stand first for some searches; it takes effect with the next search.

    Raises:
        WrongTerms: there is no such article, or no usable phrase.
        NotAllowed: the actor may not publish this article, or the one promoted until now.
    """
    checked = check_phrases(phrases)
    if article is None:
        raise no_such_article()
    for concerned in {article, promotion.article if promotion else article}:
        refuse_others_articles(concerned, actor)
    promotion = promotion or PromotedAnswer()
    promotion.article, promotion.article_id = article, article.id
    promotion.phrases, promotion.match, promotion.last_day = checked, match, last_day
    promotion.note = note.strip()
    _keep(promotion, Event.PROMOTION_CREATED, Event.PROMOTION_CHANGED, actor)
    return promotion


def no_such_article() -> WrongTerms:
    return WrongTerms(gettext("There is no such published article, or it is not yours to work on."), field="article")


def remove_promotion(promotion: PromotedAnswer, *, actor: User) -> None:
    refuse_others_articles(promotion.article, actor)
    before = {name: getattr(promotion, name) for name in promotion.stated}
    record(Event.PROMOTION_REMOVED, promotion, actor=actor, before=before)
    db.session.delete(promotion)
    db.session.flush()


def check_phrases(phrases: Iterable[str]) -> list[str]:
    tidy = _tidy(phrases)
    if not tidy:
        raise WrongTerms(gettext("Give at least one search, one on each line."), field="phrases")
    _check_each(tidy, "phrases")
    return tidy


def refuse_others_articles(article: Article, actor: User) -> None:
    if not can_publish(actor, article):
        raise NotAllowed(gettext("Only somebody who may publish this article may promote it."))


def _keep(row: SynonymGroup | PromotedAnswer, created: Event, changed: Event, actor: User) -> None:
    """Store a row with its event; nothing is told when nothing changed."""
    if row not in db.session:
        row.updated_by_id = actor.id
        db.session.add(row)
        db.session.flush()
        record(created, row, actor=actor, after={name: getattr(row, name) for name in row.stated})
        return
    before, after = changes(row)
    if after:
        record(changed, row, actor=actor, before=before, after=after)
        row.updated_by_id = actor.id
    db.session.flush()


def _tidy(terms: Iterable[str]) -> list[str]:
    """One of each, in the given order; two are the same when a search would see no difference."""
    tidy = {normalised(term): " ".join(term.split()) for term in reversed(list(terms)) if term.strip()}
    return list(reversed(tidy.values()))


def _check_each(terms: Sequence[str], field: str) -> None:
    if len(terms) > MOST_TERMS:
        raise WrongTerms(gettext("Give at most %(number)d lines.", number=MOST_TERMS), field=field)
    for term in terms:
        if len(term) > LONGEST_TERM:
            raise WrongTerms(gettext("“%(term)s…” is too long.", term=term[:40]), field=field)
        if not set(normalised(term).split()) - EVERY_STOP_WORD:
            raise WrongTerms(gettext("“%(term)s” has no word that a search looks for.", term=term), field=field)
