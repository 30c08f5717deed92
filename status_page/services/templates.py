"""Prepared texts with variables in braces."""

import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from portal.core.audit.services import changes, record
from portal.core.db import db
from portal.core.texts import gettext
from portal.directory.api import User
from status_page.enums import Event
from status_page.models import UpdateTemplate
from status_page.services.refusals import KeyTaken

_VARIABLE = re.compile(r"\{([a-z_]{2,30})\}")


def create_template(*, actor: User | None, key: str, **values: Any) -> UpdateTemplate:
    """Keep a prepared text.

    Raises:
        KeyTaken: another one has the key.
    """
    if db.session.scalar(sa.select(sa.exists().where(UpdateTemplate.key == key))):
        raise KeyTaken(gettext("“%(key)s” is taken. Choose another key.", key=key))
    template = UpdateTemplate(key=key, **values)
    db.session.add(template)
    db.session.flush()
    record(Event.TEMPLATE_CREATED, template, actor=actor, after={"key": key})
    return template


def change_template(template: UpdateTemplate, *, actor: User, **values: Any) -> None:
    """Change a prepared text."""
    for name, value in values.items():
        setattr(template, name, value)
    before, after = changes(template)
    if after:
        record(Event.TEMPLATE_CHANGED, template, actor=actor, before=before, after=after)


def remove_template(template: UpdateTemplate, *, actor: User) -> None:
    """Throw a prepared text away; what was written with it stays."""
    record(Event.TEMPLATE_REMOVED, template, actor=actor, before={"key": template.key, "body": template.body})
    db.session.delete(template)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of variables; a variable without a value stays, so that its absence is seen."""
    return _VARIABLE.sub(lambda found: values.get(found[1]) or found[0], text)


def find_unfilled(text: str) -> list[str]:
    """Return the variables a text still names, with their braces, each once."""
    return list(dict.fromkeys(f"{{{name}}}" for name in _VARIABLE.findall(text)))
