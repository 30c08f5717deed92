from typing import Any

from flask_babel import lazy_gettext
from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from portal.core.texts import gettext
from portal.core.web.choices import SelectChoice
from status_page.forms.fields import (
    CheckboxesField,
    MomentField,
    TextsForm,
    audience_choices,
    bypass_field,
    in_both_or_none,
    stripped,
)
from status_page.models import Component
from status_page.services.recurrence import MOST_WINDOWS, Repeat


class MaintenanceForm(TextsForm):
    title = StringField(
        lazy_gettext("Title"),
        [DataRequired(lazy_gettext("Say in a few words what will be done.")), Length(max=200)],
        filters=[stripped],
    )
    title_de = StringField(lazy_gettext("Title in German"), [Length(max=200), in_both_or_none], filters=[stripped])
    components = CheckboxesField(
        lazy_gettext("Affected services"), [DataRequired(lazy_gettext("Choose at least one service."))], coerce=int
    )
    audience = CheckboxesField(
        lazy_gettext("Who may read it"), [DataRequired(lazy_gettext("Choose at least one group of readers."))]
    )
    starts_at = MomentField(lazy_gettext("Starts"), [DataRequired(lazy_gettext("Enter when the work starts."))])
    minutes = IntegerField(
        lazy_gettext("Minutes it takes"),
        [DataRequired(lazy_gettext("Enter how long it takes.")), NumberRange(1, 60 * 24 * 14)],
        default=60,
    )
    repeat = SelectField(lazy_gettext("Comes back"), default=Repeat.ONCE.value)
    times = IntegerField(lazy_gettext("How many times"), [Optional(), NumberRange(1, MOST_WINDOWS)], default=1)
    notifies = BooleanField(lazy_gettext("Tell the subscribers"), default=True)
    bypass_reason = bypass_field()


class MoveForm(TextsForm):
    starts_at = MomentField(lazy_gettext("Start"), [Optional()])
    ends_at = MomentField(lazy_gettext("End"), [DataRequired(lazy_gettext("Enter the new end."))])
    bypass_reason = bypass_field()


class CancelForm(TextsForm):
    """A word to the readers when planned work is called off."""

    bypass_reason = bypass_field()


def maintenance_form(components: list[Component], **values: Any) -> MaintenanceForm:
    form = MaintenanceForm(**values)
    form.components.choices = [SelectChoice(component.id, component.name) for component in components]
    form.audience.choices = audience_choices()
    words = {
        Repeat.ONCE: gettext("Once"),
        Repeat.DAILY: gettext("Every day"),
        Repeat.WEEKLY: gettext("Every week"),
        Repeat.MONTHLY: gettext("Every month"),
    }
    form.repeat.choices = [SelectChoice(repeat.value, words[repeat]) for repeat in Repeat]
    return form
