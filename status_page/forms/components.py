from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from portal.core.db import db
from portal.core.settings import Settings
from portal.core.texts import gettext
from portal.core.web.choices import SelectChoice, time_zone_choices
from portal.directory.api import Service
from status_page.enums import INCIDENT_STATES, Effect, SecondCheck
from status_page.forms.fields import CheckboxesField, MomentField, audience_choices, state_choices, stripped
from status_page.models import Component, UpdateTemplate
from status_page.queries import list_groups
from status_page.site.words import stage_word


class GroupForm(FlaskForm):
    name = StringField(
        lazy_gettext("Name"), [DataRequired(lazy_gettext("Enter a name.")), Length(max=120)], filters=[stripped]
    )
    name_de = StringField(lazy_gettext("Name in German"), [Length(max=120)], filters=[stripped])
    position = IntegerField(lazy_gettext("Place"), [InputRequired(), NumberRange(0, 10_000)], default=0)

    def values(self) -> dict[str, Any]:
        translations = {"de": {"name": self.name_de.data}} if self.name_de.data else {}
        return {"name": self.name.data, "position": self.position.data, "translations": translations}


class ComponentForm(GroupForm):
    key = StringField(
        lazy_gettext("Key"),
        [Optional(), Length(max=60), Regexp(r"^[a-z0-9-]+$", message=lazy_gettext("Use a-z, 0-9 and hyphens."))],
        filters=[stripped],
        description=lazy_gettext("Part of the address of its page. Made from the name when empty."),
    )
    internal_name = StringField(
        lazy_gettext("Internal name"),
        [Length(max=120)],
        filters=[stripped],
        description=lazy_gettext("What IT calls it. Readers never see it."),
    )
    service_id = SelectField(lazy_gettext("Service"), coerce=int)
    group_id = SelectField(lazy_gettext("Group"), coerce=int)
    description = TextAreaField(lazy_gettext("Description"), [Length(max=1000)], filters=[stripped])
    description_de = TextAreaField(lazy_gettext("Description in German"), [Length(max=1000)], filters=[stripped])
    audience = CheckboxesField(
        lazy_gettext("Who may know of it"), [DataRequired(lazy_gettext("Choose at least one group of readers."))]
    )
    shows_uptime = BooleanField(lazy_gettext("Show the last 90 days"), default=True)

    def values(self) -> dict[str, Any]:
        german = {"name": self.name_de.data or "", "description": self.description_de.data or ""}
        return super().values() | {
            "internal_name": self.internal_name.data or "",
            "description": self.description.data or "",
            "service_id": self.service_id.data or None,
            "group_id": self.group_id.data or None,
            "shows_uptime": bool(self.shows_uptime.data),
            "translations": {"de": {k: v for k, v in german.items() if v}} if any(german.values()) else {},
        }


class StateForm(FlaskForm):
    state = SelectField(lazy_gettext("State"))
    reason = StringField(lazy_gettext("Reason"), [Length(max=300)], filters=[stripped])


class OverrideForm(FlaskForm):
    state = SelectField(lazy_gettext("Show instead"))
    reason = StringField(
        lazy_gettext("Reason"), [DataRequired(lazy_gettext("Say why.")), Length(max=300)], filters=[stripped]
    )
    until = MomentField(lazy_gettext("Until"), [Optional()], description=lazy_gettext("Empty: until you release it."))


class DependencyForm(FlaskForm):
    needs_id = SelectField(lazy_gettext("Needs"), coerce=int)
    effect = SelectField(lazy_gettext("Its trouble counts here"))


class PolicyForm(FlaskForm):
    time_zone = SelectField(lazy_gettext("Time zone of the public page"))
    second_check = SelectField(lazy_gettext("A second person reads a text before it is published"))
    cadence_minutes = IntegerField(lazy_gettext("Minutes between updates"), [InputRequired(), NumberRange(5, 24 * 60)])
    long_running_hours = IntegerField(
        lazy_gettext("Remind of incidents open for (hours)"), [InputRequired(), NumberRange(1, 24 * 30)]
    )
    announce_minutes = IntegerField(
        lazy_gettext("Announce planned work before (minutes)"), [InputRequired(), NumberRange(0, 7 * 24 * 60)]
    )
    weight_degraded = IntegerField(lazy_gettext("Slow or unreliable counts, in percent"), [NumberRange(0, 100)])
    weight_partial = IntegerField(lazy_gettext("Partly down counts, in percent"), [NumberRange(0, 100)])
    weight_major = IntegerField(lazy_gettext("Down counts, in percent"), [NumberRange(0, 100)])


class TemplateForm(FlaskForm):
    name = StringField(
        lazy_gettext("Name"), [DataRequired(lazy_gettext("Enter a name.")), Length(max=120)], filters=[stripped]
    )
    title = StringField(lazy_gettext("Title"), [Length(max=200)], filters=[stripped])
    title_de = StringField(lazy_gettext("Title in German"), [Length(max=200)], filters=[stripped])
    body = TextAreaField(
        lazy_gettext("Text"),
        [DataRequired(lazy_gettext("Enter a text.")), Length(max=5000)],
        filters=[stripped],
        description=lazy_gettext("Variables stand in braces: {service}, {since}, {next_update}, or your own."),
    )
    body_de = TextAreaField(lazy_gettext("Text in German"), [Length(max=5000)], filters=[stripped])
    state = SelectField(lazy_gettext("Where it stands"), [Optional()])

    def values(self) -> dict[str, Any]:
        german = {"title": self.title_de.data or "", "body": self.body_de.data or ""}
        return {
            "name": self.name.data,
            "title": self.title.data or "",
            "body": self.body.data,
            "state": self.state.data or "",
            "translations": {"de": {k: v for k, v in german.items() if v}} if any(german.values()) else {},
        }


def component_form(component: Component | None = None) -> ComponentForm:
    """Return the form for a component with its choices, filled with what it is now."""
    filled: dict[str, Any] = {"audience": ["public"], "service_id": 0, "group_id": 0}
    if component is not None:
        german = component.translations.get("de", {})
        filled = {
            "audience": sorted(component.audience),
            "service_id": component.service_id or 0,
            "group_id": component.group_id or 0,
            "name_de": german.get("name", ""),
            "description_de": german.get("description", ""),
        }
    form = ComponentForm(obj=component, data=filled)
    services = db.session.execute(
        sa.select(Service.id, Service.name).where(Service.is_retired.is_(False)).order_by(Service.name)
    )
    form.service_id.choices = [SelectChoice(0, gettext("None: entered by hand")), *(SelectChoice(*s) for s in services)]
    form.group_id.choices = [
        SelectChoice(0, gettext("No group")),
        *(SelectChoice(group.id, group.name) for group in list_groups()),
    ]
    form.audience.choices = audience_choices()
    return form


def state_form() -> StateForm:
    form = StateForm()
    form.state.choices = state_choices()
    return form


def override_form() -> OverrideForm:
    form = OverrideForm()
    form.state.choices = state_choices()
    return form


def dependency_form(component: Component, others: list[Component]) -> DependencyForm:
    form = DependencyForm()
    form.needs_id.choices = [SelectChoice(o.id, o.internal_name or o.name) for o in others if o.id != component.id]
    words = {
        Effect.SOFTER: gettext("One step less"),
        Effect.SAME: gettext("In full"),
        Effect.NONE: gettext("Not at all"),
    }
    form.effect.choices = [SelectChoice(effect.value, word) for effect, word in words.items()]
    return form


def template_form(template: UpdateTemplate | None = None) -> TemplateForm:
    german = template.translations.get("de", {}) if template is not None else {}
    form = TemplateForm(obj=template, data={"title_de": german.get("title"), "body_de": german.get("body")})
    states = [SelectChoice(state.value, stage_word(state)) for state in INCIDENT_STATES]
    form.state.choices = [SelectChoice("", gettext("As it is")), *states]
    return form


def policy_form(page: Any) -> PolicyForm:
    form = PolicyForm(obj=page)
    words = {
        SecondCheck.NEVER: gettext("Never"),
        SecondCheck.PUBLIC: gettext("When everyone can read it"),
        SecondCheck.ALWAYS: gettext("Always"),
    }
    settings: Settings = current_app.extensions["portico_settings"]
    own = gettext("That of the portal (%(zone)s)", zone=settings.default_time_zone)
    form.time_zone.choices = [SelectChoice("", own), *time_zone_choices()]
    form.second_check.choices = [SelectChoice(check.value, word) for check, word in words.items()]
    return form
