"""Fields that several forms of the status page share."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import get_timezone, lazy_gettext
from wtforms import DateTimeLocalField, Form
from wtforms.validators import ValidationError

from portal.core.db import db
from portal.core.texts import gettext
from portal.core.web.choices import SelectChoice
from portal.directory.api import Role, Team
from status_page.enums import ComponentState
from status_page.site.words import state_word


class MomentField(DateTimeLocalField):
    """A date and a time in the time zone of whoever fills in the form; its data is an aware moment."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist and valuelist[0]:
            super().process_formdata(valuelist)
            if self.data is not None:
                self.data = self.data.replace(tzinfo=get_timezone()).astimezone(UTC)

    def process_data(self, value: datetime | None) -> None:
        self.data = value

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        if self.data is None:
            return ""
        return str(self.data.astimezone(get_timezone()).strftime("%Y-%m-%dT%H:%M"))


def state_choices(*, with_maintenance: bool = True) -> list[SelectChoice]:
    states = [s for s in ComponentState if with_maintenance or s != ComponentState.UNDER_MAINTENANCE]
    return [SelectChoice(state.value, state_word(state)) for state in states]


def audience_choices() -> list[SelectChoice]:
    """Return everyone, those signed in, agents, and each role and team."""
    roles = db.session.execute(sa.select(Role.key, Role.name).order_by(Role.name))
    teams = db.session.execute(sa.select(Team.id, Team.name).where(Team.is_active).order_by(Team.name))
    return [
        SelectChoice("public", gettext("Everyone, also outside")),
        SelectChoice("signed-in", gettext("Everyone who is signed in")),
        SelectChoice("agents", gettext("Agents")),
        *(SelectChoice(f"role:{key}", gettext("Role: %(name)s", name=name)) for key, name in roles),
        *(SelectChoice(f"team:{team_id}", gettext("Team: %(name)s", name=name)) for team_id, name in teams),
    ]


def stripped(text: str | None) -> str:
    return text.strip() if text else ""


def in_both_or_none(form: Form, field: Any) -> None:
    """Ask for the German text when the German title is there, and the other way round."""
    if bool(form["body_de"].data) != bool(field.data):
        raise ValidationError(gettext("Translate title and text, or neither."))


REQUIRED = lazy_gettext("Write what people should know.")
