from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.core.texts import gettext
from portal.core.web.choices import SelectChoice
from status_page.enums import INCIDENT_STATES, ComponentState, IncidentState
from status_page.forms.fields import REQUIRED, MomentField, audience_choices, in_both_or_none, state_choices, stripped
from status_page.models import Component, Incident
from status_page.services.recurrence import MOST_WINDOWS, Repeat
from status_page.services.templates import find_unfilled
from status_page.services.updates import Draft
from status_page.site.words import stage_word

_LONGEST = 5_000


class CheckboxesField(SelectMultipleField):
    """Several answers as checkboxes; to the form macros it is what it stands for."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type = SelectMultipleField.__name__


class TextsForm(FlaskForm):
    """The text in each language; words in braces left over from a template are refused."""

    body = TextAreaField(
        lazy_gettext("Text"), [DataRequired(REQUIRED), Length(max=_LONGEST)], filters=[stripped], render_kw={"rows": 5}
    )
    body_de = TextAreaField(
        lazy_gettext("Text in German"), [Optional(), Length(max=_LONGEST)], filters=[stripped], render_kw={"rows": 4}
    )

    def validate_body(self, field: TextAreaField) -> None:
        _refuse_unfilled(field)

    def validate_body_de(self, field: TextAreaField) -> None:
        _refuse_unfilled(field)

    def body_translations(self) -> dict[str, dict[str, str]]:
        return {"de": {"body": self.body_de.data}} if self.body_de.data else {}


class UpdateForm(TextsForm):
    """One update; the fields for the components are added by ``with_components``."""

    state = SelectField(lazy_gettext("Where it stands"))
    happened_at = MomentField(
        lazy_gettext("When"),
        [Optional()],
        description=lazy_gettext("Leave empty for now. An earlier moment is shown as entered later."),
    )
    next_update_at = MomentField(
        lazy_gettext("Next update by"), [Optional()], description=lazy_gettext("Readers see this promise.")
    )
    notifies = BooleanField(lazy_gettext("Tell the subscribers"), default=True)
    bypass_reason = StringField(
        lazy_gettext("Publish at once, because"),
        [Optional(), Length(max=500)],
        filters=[stripped],
        description=lazy_gettext("Only in an emergency: nobody reads the text first, and this reason is recorded."),
    )

    components: list[Component]

    def impacts(self) -> dict[int, ComponentState]:
        told = {c.id: ComponentState(self[f"impact_{c.id}"].data or "operational") for c in self.components}
        named = {component.id for component in self.components if self[f"impact_{component.id}"].data}
        return {component_id: state for component_id, state in told.items() if component_id in named}

    def draft(self) -> Draft:
        return Draft(
            state=IncidentState(self.state.data),
            body=self.body.data or "",
            translations=self.body_translations(),
            impacts=self.impacts(),
            happened_at=self.happened_at.data,
            next_update_at=self.next_update_at.data,
            notifies=bool(self.notifies.data),
            bypass_reason=self.bypass_reason.data or "",
        )

    def impact_fields(self) -> list[Any]:
        return [self[f"impact_{component.id}"] for component in self.components]


class IncidentForm(UpdateForm):
    """A new incident: its title and readers, and its first update."""

    title = StringField(
        lazy_gettext("Title"),
        [DataRequired(lazy_gettext("Say in a few words what does not work.")), Length(max=200)],
        filters=[stripped],
    )
    title_de = StringField(lazy_gettext("Title in German"), [Length(max=200), in_both_or_none], filters=[stripped])
    audience = CheckboxesField(
        lazy_gettext("Who may read it"), [DataRequired(lazy_gettext("Choose at least one group of readers."))]
    )
    ticket_references = StringField(
        lazy_gettext("Tickets"),
        [Optional(), Length(max=200)],
        filters=[stripped],
        description=lazy_gettext("Numbers, separated by commas. Staff only."),
    )

    def title_translations(self) -> dict[str, dict[str, str]]:
        return {"de": {"title": self.title_de.data}} if self.title_de.data else {}

    def tickets(self) -> list[str]:
        return [part.strip() for part in (self.ticket_references.data or "").split(",") if part.strip()]


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
    bypass_reason = StringField(
        lazy_gettext("Publish at once, because"),
        [Optional(), Length(max=500)],
        filters=[stripped],
        description=lazy_gettext("Only in an emergency: nobody reads the text first, and this reason is recorded."),
    )


class ExtendForm(TextsForm):
    ends_at = MomentField(lazy_gettext("New end"), [DataRequired(lazy_gettext("Enter the new end."))])


class CancelForm(TextsForm):
    """A word to the readers when planned work is called off."""


class CorrectionForm(TextsForm):
    happened_at = MomentField(lazy_gettext("When"), [Optional()])
    reason = StringField(
        lazy_gettext("What was wrong"),
        [DataRequired(lazy_gettext("Readers see that the text was corrected; say why.")), Length(max=300)],
        filters=[stripped],
    )


class ReturnForm(FlaskForm):
    note = StringField(
        lazy_gettext("What should be different"),
        [DataRequired(lazy_gettext("Tell the author what to change.")), Length(max=500)],
        filters=[stripped],
    )


def incident_form(components: list[Component], **values: Any) -> IncidentForm:
    """Return the form for a new incident with one field for each component."""
    form: IncidentForm = _with_components(IncidentForm, components)(**values)
    form.state.choices = [SelectChoice(s.value, stage_word(s)) for s in INCIDENT_STATES[:4]]
    form.audience.choices = audience_choices()
    _fill_components(form, components, {})
    return form


def update_form(incident: Incident, components: list[Component], **values: Any) -> UpdateForm:
    """Return the form for the next update of an incident, filled with the impacts as they are now."""
    form: UpdateForm = _with_components(UpdateForm, components)(**values)
    if incident.is_maintenance:
        states = [incident.state, IncidentState.VERIFYING] if incident.is_under_way else [incident.state]
    else:
        states = list(INCIDENT_STATES[:4]) if incident.is_open else [IncidentState.POSTMORTEM]
    form.state.choices = [SelectChoice(s.value, stage_word(s)) for s in dict.fromkeys(states)]
    if not form.is_submitted() and incident.state in states:
        form.state.data = incident.state.value
    _fill_components(form, components, incident.current_impacts)
    return form


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


def suggested_next_update(now: datetime, minutes: int) -> datetime:
    """Return a moment to promise: the cadence from now, on a full five minutes."""
    later = now + timedelta(minutes=minutes)
    return later.replace(minute=later.minute - later.minute % 5, second=0, microsecond=0)


def _with_components(base: type[Any], components: list[Component]) -> type[Any]:
    fields = {f"impact_{c.id}": SelectField(c.internal_name or c.name, [Optional()]) for c in components}
    return type(f"{base.__name__}OfComponents", (base,), fields)


def _fill_components(form: UpdateForm, components: list[Component], current: dict[int, ComponentState]) -> None:
    form.components = components
    choices = [SelectChoice("", gettext("Not affected")), *state_choices(with_maintenance=False)]
    for component in components:
        field = form[f"impact_{component.id}"]
        field.choices = choices
        if not form.is_submitted():
            field.data = current.get(component.id, "")


def _refuse_unfilled(field: Any) -> None:
    left = find_unfilled(field.data or "")
    if left:
        raise ValidationError(gettext("Fill in or remove %(names)s.", names=", ".join(left)))
