"""The tree of categories."""

import re
from collections.abc import Iterable

import sqlalchemy as sa
from flask_babel import gettext

from portal.core.audit.services import changes, record
from portal.core.db import db
from portal.directory.api import Service, User
from triage.tickets.enums import Event
from triage.tickets.errors import IllegalStep
from triage.tickets.models import Category
from triage.tickets.services.rules import require_text

_KEY = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")


def create_category(
    *,
    actor: User | None,
    key: str,
    name: str,
    description: str = "",
    parent: Category | None = None,
    service: Service | None = None,
    keywords: Iterable[str] = (),
    translations: dict[str, dict[str, str]] | None = None,
) -> Category:
    """Add a category; ``key`` is its name for machines and never changes."""
    if not _KEY.fullmatch(key):
        raise IllegalStep(gettext("A key has small letters and digits, joined by dots: network.vpn"))
    if db.session.scalars(sa.select(Category.id).where(Category.key == key)).first() is not None:
        raise IllegalStep(gettext("There is a category with this key already."))
    category = Category(
        key=key,
        name=require_text(name, gettext("A category needs a name.")),
        description=description.strip(),
        parent=parent,
        service=service,
        keywords=clean_keywords(keywords),
        translations=translations or {},
    )
    db.session.add(category)
    db.session.flush()
    record(Event.CATEGORY_CREATED, category, actor=actor, after={"key": key, "name": category.name})
    return category


def change_category(
    category: Category,
    *,
    actor: User | None,
    name: str,
    description: str,
    parent: Category | None,
    service: Service | None,
    keywords: Iterable[str],
    translations: dict[str, dict[str, str]],
    is_active: bool,
) -> None:
    """Change a category. One that is not active is no longer offered; tickets that have it keep it.

    Raises:
        IllegalStep: the parent would be the category itself or one beneath it.
    """
    above = parent
    while above is not None:
        if above.id == category.id:
            raise IllegalStep(gettext("A category cannot stand beneath itself."))
        above = above.parent
    category.name = require_text(name, gettext("A category needs a name."))
    category.description = description.strip()
    category.parent, category.parent_id = parent, parent.id if parent else None
    category.service, category.service_id = service, service.id if service else None
    category.keywords, category.translations = clean_keywords(keywords), translations
    category.is_active = is_active
    before, after = changes(category)
    if after:
        record(Event.CATEGORY_CHANGED, category, actor=actor, before=before, after=after)
    db.session.flush()


def clean_keywords(keywords: Iterable[str]) -> list[str]:
    """Return keywords without blanks around them and without doubles, in their order."""
    words = (" ".join(word.split()) for word in keywords)
    return list(dict.fromkeys(word for word in words if word))
