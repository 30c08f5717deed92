"""Forms about what is out already: correcting it, changing it as a whole, and what was told by hand."""

from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from portal.core.web.choices import SelectChoice
from status_page.enums import MessageChannel
from status_page.forms.fields import (
    LONGEST,
    CheckboxesField,
    MomentField,
    TextsForm,
    audience_choices,
    listed,
    stripped,
    tickets_field,
)
from status_page.forms.incidents import fill_components, with_components
from status_page.models import Component, Incident, IncidentUpdate
from status_page.site.words import channel_word


class CorrectionForm(TextsForm):
    """Another text, moment or impact of an update that is out; ``with_components`` adds the impacts."""

    happened_at = MomentField(lazy_gettext("When"), [Optional()])
    reason = StringField(
        lazy_gettext("What was wrong"),
        [DataRequired(lazy_gettext("Readers see that the text was corrected; say why.")), Length(max=300)],
        filters=[stripped],
    )


class ChangeForm(FlaskForm):
    """What is said of an incident as a whole; for planned work also which services it touches."""

    title = StringField(
        lazy_gettext("Title"),
        [DataRequired(lazy_gettext("Say in a few words what does not work.")), Length(max=200)],
        filters=[stripped],
        description=lazy_gettext("Readers see that the title was corrected."),
    )
    title_de = StringField(lazy_gettext("Title in German"), [Length(max=200)], filters=[stripped])
    components = CheckboxesField(
        lazy_gettext("Affected services"), [DataRequired(lazy_gettext("Choose at least one service."))], coerce=int
    )
    audience = CheckboxesField(
        lazy_gettext("Who may read it"), [DataRequired(lazy_gettext("Choose at least one group of readers."))]
    )
    ticket_references = tickets_field()

    def tickets(self) -> list[str]:
        return listed(self.ticket_references.data)


class HandMessageForm(FlaskForm):
    """What was said outside the portal."""

    channel = SelectField(lazy_gettext("How"))
    audience = StringField(
        lazy_gettext("To whom"),
        [DataRequired(lazy_gettext("Say who was told.")), Length(max=200)],
        filters=[stripped],
    )
    text = TextAreaField(
        lazy_gettext("What was said"),
        [DataRequired(lazy_gettext("Write down what was said.")), Length(max=LONGEST)],
        filters=[stripped],
        render_kw={"rows": 5},
    )
    author_name = StringField(lazy_gettext("Who said or wrote it"), [Optional(), Length(max=200)], filters=[stripped])
    checker_name = StringField(lazy_gettext("Who read it first"), [Optional(), Length(max=200)], filters=[stripped])
    sent_at = MomentField(lazy_gettext("When"), [Optional()], description=lazy_gettext("Leave empty for now."))


class ReturnForm(FlaskForm):
    note = StringField(
        lazy_gettext("What should be different"),
        [DataRequired(lazy_gettext("Tell the author what to change.")), Length(max=500)],
        filters=[stripped],
    )


def correction_form(update: IncidentUpdate, components: list[Component]) -> Any:
    """Return the form for correcting an update; only an incident's updates say how each service worked."""
    german = update.translations.get("de", {}).get("body", "")
    if update.incident.is_maintenance:
        return CorrectionForm(obj=update, data={"body_de": german})
    form = with_components(CorrectionForm, components)(obj=update, data={"body_de": german})
    fill_components(form, components, {item.component_id: item.state for item in update.impacts})
    return form


def change_form(incident: Incident, components: list[Component]) -> ChangeForm:
    """Return the form for what is said of an incident as a whole, filled with what is said now."""
    form = ChangeForm(
        data={
            "title": incident.title,
            "title_de": incident.translations.get("de", {}).get("title", ""),
            "audience": sorted(incident.audience),
            "components": sorted(incident.current_impacts),
            "ticket_references": ", ".join(incident.ticket_references),
        }
    )
    form.audience.choices = audience_choices()
    form.components.choices = [SelectChoice(component.id, component.name) for component in components]
    if not incident.is_maintenance:
        # What an incident touches stands in its updates: each is corrected there, or told anew.
        del form.components
    return form


def hand_message_form() -> HandMessageForm:
    form = HandMessageForm()
    form.channel.choices = [SelectChoice(channel.value, channel_word(channel)) for channel in MessageChannel]
    return form
