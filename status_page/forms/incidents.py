from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import DataRequired, Length, Optional

from portal.core.texts import gettext
from portal.core.web.choices import SelectChoice
from status_page.enums import INCIDENT_STATES, ComponentState, IncidentState
from status_page.forms.fields import (
    CheckboxesField,
    MomentField,
    TextsForm,
    audience_choices,
    bypass_field,
    in_both_or_none,
    listed,
    state_choices,
    stripped,
    tickets_field,
)
from status_page.models import Component, Incident
from status_page.services.updates import Draft
from status_page.site.words import stage_word


def told_impacts(form: Any, components: list[Component]) -> dict[int, ComponentState]:
    """Return the state of each component that a form names as affected."""
    told = {component.id: form[f"impact_{component.id}"].data for component in components}
    return {component_id: ComponentState(state) for component_id, state in told.items() if state}


def impact_fields(form: Any) -> list[Any]:
    return [form[f"impact_{component.id}"] for component in form.components]


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
    bypass_reason = bypass_field()

    components: list[Component]

    def impacts(self) -> dict[int, ComponentState]:
        return told_impacts(self, self.components)

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
        return impact_fields(self)


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
    ticket_references = tickets_field()

    def title_translations(self) -> dict[str, dict[str, str]]:
        return {"de": {"title": self.title_de.data}} if self.title_de.data else {}

    def tickets(self) -> list[str]:
        return listed(self.ticket_references.data)


def incident_form(components: list[Component], **values: Any) -> IncidentForm:
    """Return the form for a new incident with one field for each component."""
    form: IncidentForm = with_components(IncidentForm, components)(**values)
    form.state.choices = [SelectChoice(s.value, stage_word(s)) for s in INCIDENT_STATES[:4]]
    form.audience.choices = audience_choices()
    fill_components(form, components, {})
    return form


def update_form(incident: Incident, components: list[Component], **values: Any) -> UpdateForm:
    """Return the form for the next update of an incident, filled with the impacts as they are now."""
    form: UpdateForm = with_components(UpdateForm, components)(**values)
    if incident.is_maintenance:
        states = [incident.state, IncidentState.VERIFYING] if incident.is_under_way else [incident.state]
    else:
        states = list(INCIDENT_STATES[:4]) if incident.is_open else [IncidentState.POSTMORTEM]
    form.state.choices = [SelectChoice(s.value, stage_word(s)) for s in dict.fromkeys(states)]
    if not form.is_submitted() and incident.state in states:
        form.state.data = incident.state.value
    fill_components(form, components, incident.current_impacts)
    return form


def suggested_next_update(now: datetime, minutes: int) -> datetime:
    """Return a moment to promise: the cadence from now, on a full five minutes."""
    later = now + timedelta(minutes=minutes)
    return later.replace(minute=later.minute - later.minute % 5, second=0, microsecond=0)


def with_components(base: type[Any], components: list[Component]) -> type[Any]:
    fields = {f"impact_{c.id}": SelectField(c.internal_name or c.name, [Optional()]) for c in components}
    return type(f"{base.__name__}OfComponents", (base,), fields)


def fill_components(form: Any, components: list[Component], current: dict[int, ComponentState]) -> None:
    form.components = components
    choices = [SelectChoice("", gettext("Not affected")), *state_choices(with_maintenance=False)]
    for component in components:
        field = form[f"impact_{component.id}"]
        field.choices = choices
        if not form.is_submitted():
            field.data = current.get(component.id, "")
