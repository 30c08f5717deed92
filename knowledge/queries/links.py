"""Which links lead nowhere: one condition for the findings of an article and for the desk."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from knowledge.models import ArticleLink


def is_broken(target: Any) -> ColumnElement[bool]:
    """Return the condition that a link leads to no article readers have, or that it failed when it was tried.

    ``target`` is the alias of the article that is joined as what the link means.
    """
    lost = sa.or_(target.id.is_(None), target.state.in_(("draft", "retired")))
    return sa.or_(sa.and_(ArticleLink.kind != "external", lost), ArticleLink.problem != "")
