"""Fields that several forms of the status page share."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, Form, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.core.db import db
from portal.core.texts import gettext
from portal.core.web.choices import SelectChoice
from portal.core.web.i18n import own_zone
from portal.directory.api import Team, list_roles
from status_page.enums import ComponentState
from status_page.services.templates import find_unfilled
from status_page.site.words import state_word

LONGEST = 5_000
REQUIRED = lazy_gettext("Write what people should know.")


class MomentField(DateTimeLocalField):
    """A date and a time in the time zone of whoever fills in the form; its data is an aware moment."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist and valuelist[0]:
            super().process_formdata(valuelist)
            if self.data is not None:
                self.data = self.data.replace(tzinfo=own_zone()).astimezone(UTC)

    def process_data(self, value: datetime | None) -> None:
        self.data = value

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        if self.data is None:
            return ""
        return str(self.data.astimezone(own_zone()).strftime("%Y-%m-%dT%H:%M"))


def state_choices(*, with_maintenance: bool = True) -> list[SelectChoice]:
    states = [s for s in ComponentState if with_maintenance or s != ComponentState.UNDER_MAINTENANCE]
    return [SelectChoice(state.value, state_word(state)) for state in states]


def audience_choices() -> list[SelectChoice]:
    """Return everyone, those signed in, agents, and each role and team."""
    roles = [(role.key, role.shown_name) for role in list_roles()]
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


class CheckboxesField(SelectMultipleField):
    """Several answers as checkboxes; to the form macros it is what it stands for."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type = SelectMultipleField.__name__


def bypass_field() -> StringField:
    return StringField(
        lazy_gettext("Publish at once, because"),
        [Optional(), Length(max=500)],
        filters=[stripped],
        description=lazy_gettext("Only in an emergency: nobody reads the text first, and this reason is recorded."),
    )


def tickets_field() -> StringField:
    return StringField(
        lazy_gettext("Tickets"),
        [Optional(), Length(max=200)],
        filters=[stripped],
        description=lazy_gettext("Numbers, separated by commas. Staff only."),
    )


def listed(text: str | None) -> list[str]:
    """Return the numbers of a list as people write it: “12, #14”."""
    parts = (part.strip().removeprefix("#") for part in (text or "").split(","))
    return list(dict.fromkeys(part for part in parts if part))


def refuse_unfilled(field: Any) -> None:
    left = find_unfilled(field.data or "")
    if left:
        raise ValidationError(gettext("Fill in or remove %(names)s.", names=", ".join(left)))


class TextsForm(FlaskForm):
    """The text in each language; words in braces left over from a template are refused."""

    body = TextAreaField(
        lazy_gettext("Text"), [DataRequired(REQUIRED), Length(max=LONGEST)], filters=[stripped], render_kw={"rows": 5}
    )
    body_de = TextAreaField(
        lazy_gettext("Text in German"), [Optional(), Length(max=LONGEST)], filters=[stripped], render_kw={"rows": 4}
    )

    def validate_body(self, field: TextAreaField) -> None:
        refuse_unfilled(field)

    def validate_body_de(self, field: TextAreaField) -> None:
        refuse_unfilled(field)

    def body_translations(self) -> dict[str, dict[str, str]]:
        return {"de": {"body": self.body_de.data}} if self.body_de.data else {}
