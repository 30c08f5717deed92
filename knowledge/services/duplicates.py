"""Two articles that are close in meaning and still not the same: whoever answers for one of them says so."""

from flask_babel import gettext

from knowledge.enums import Event
from knowledge.errors import WrongState
from knowledge.models import Article, ArticlePairApart
from knowledge.queries.duplicates import find_apart, find_similarity
from portal.core import clock
from portal.core.audit import services as audit
from portal.core.db import db
from portal.directory.api import User


def tell_apart(one: Article, other: Article, *, actor: User) -> None:
    """Say that two articles are not the same: they are no longer listed, until they come much closer to each other.

    Raises:
        WrongState: they are not close in meaning, so there is nothing to say.
    """
    similarity = find_similarity(one, other)
    if similarity is None:
        raise WrongState(gettext("These two articles are not listed as nearly the same any more."))
    apart = find_apart(one, other)
    if apart is None:
        apart = ArticlePairApart(one_id=min(one.id, other.id), other_id=max(one.id, other.id))
        db.session.add(apart)
    elif apart.similarity >= similarity:
        return
    apart.similarity, apart.told_by, apart.told_at = similarity, actor, clock.now()
    db.session.flush()
    after = {"other_id": other.id, "other": other.title, "similarity": round(similarity, 4)}
    audit.record(Event.TOLD_APART, one, actor=actor, after=after)


def undo_tell_apart(one: Article, other: Article, *, actor: User) -> None:
    """List two articles again that somebody called different; a second time changes nothing."""
    apart = find_apart(one, other)
    if apart is None:
        return
    db.session.delete(apart)
    db.session.flush()
    audit.record(Event.TOLD_APART_UNDONE, one, actor=actor, before={"other_id": other.id, "other": other.title})
