"""What is out already: correcting it, changing it as a whole, and the record of every message."""

from flask import flash
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.outbox.forms import STATE_WORDS
from portal.core.texts import gettext
from portal.core.web import commits, page, see_other
from portal.core.web.paging import paginate
from portal.directory.api import signed_in_user
from status_page.enums import MessageChannel, Permission
from status_page.forms.incidents import impact_fields, told_impacts
from status_page.forms.record import ChangeForm, change_form, correction_form, hand_message_form
from status_page.models import Incident, IncidentUpdate
from status_page.queries import get_incident, get_update, list_components, select_messages
from status_page.routes.blueprint import bp
from status_page.routes.showing import words_for
from status_page.services.hand_messages import record_message
from status_page.services.incidents import change_incident
from status_page.services.maintenance import change_affected
from status_page.services.updates import correct_update, needs_check


@bp.get("/status/manage/updates/<int:update_id>/correct")
@requires(Permission.COMMUNICATE)
def edit_update(update_id: int) -> ResponseReturnValue:
    update = get_update(update_id)
    return _correct(update, correction_form(update, list(list_components())))


@bp.post("/status/manage/updates/<int:update_id>/correct")
@requires(Permission.COMMUNICATE)
@commits
def save_correction(update_id: int) -> ResponseReturnValue:
    update, components = get_update(update_id), list(list_components())
    form = correction_form(update, components)
    if form.validate():
        impacts = None
        if not update.incident.is_maintenance:
            # A component that has left the page since cannot be chosen any more, but was affected all the same.
            shown = {component.id for component in components}
            gone = {item.component_id: item.state for item in update.impacts if item.component_id not in shown}
            impacts = gone | told_impacts(form, components)
        try:
            correct_update(
                update,
                actor=signed_in_user(),
                body=form.body.data or "",
                reason=form.reason.data or "",
                translations=form.body_translations(),
                happened_at=form.happened_at.data,
                impacts=impacts,
            )
        except Refused as refusal:
            form.form_errors.append(refusal.sentence)
        else:
            flash(gettext("The correction is published and shows as such."), "success")
            return see_other("status_page.incident_record", incident_id=update.incident_id)
    return _correct(update, form, status=422)


@bp.get("/status/manage/incidents/<int:incident_id>/change")
@requires(Permission.COMMUNICATE)
def edit_incident(incident_id: int) -> ResponseReturnValue:
    incident = get_incident(incident_id)
    return _change(incident, change_form(incident, list(list_components())))


@bp.post("/status/manage/incidents/<int:incident_id>/change")
@requires(Permission.COMMUNICATE)
@commits
def save_incident(incident_id: int) -> ResponseReturnValue:
    incident, components = get_incident(incident_id), list(list_components())
    form = change_form(incident, components)
    if form.validate():
        try:
            if incident.is_maintenance:
                chosen = [component for component in components if component.id in (form.components.data or ())]
                change_affected(incident, chosen, actor=signed_in_user())
            german = {"de": {"title": form.title_de.data}} if form.title_de.data else {}
            change_incident(
                incident,
                actor=signed_in_user(),
                audience=form.audience.data or (),
                title=form.title.data,
                translations=german,
                ticket_references=form.tickets(),
            )
        except Refused as refusal:
            form.form_errors.append(refusal.sentence)
        else:
            flash(gettext("The changes are saved."), "success")
            return see_other("status_page.incident_record", incident_id=incident.id)
    return _change(incident, form, status=422)


@bp.get("/status/manage/incidents/<int:incident_id>/messages/new")
@requires(Permission.COMMUNICATE)
def new_hand_message(incident_id: int) -> ResponseReturnValue:
    incident, form = get_incident(incident_id), hand_message_form()
    form.author_name.data = str(signed_in_user())
    return page("status_page/manage/hand_message.html", "message", form=form, incident=incident)


@bp.post("/status/manage/incidents/<int:incident_id>/messages/new")
@requires(Permission.COMMUNICATE)
@commits
def create_hand_message(incident_id: int) -> ResponseReturnValue:
    incident, form = get_incident(incident_id), hand_message_form()
    if form.validate():
        values = {name: value for name, value in form.data.items() if name != "csrf_token"}
        values["channel"] = MessageChannel(values["channel"])
        try:
            record_message(incident, actor=signed_in_user(), **values)
        except Refused as refusal:
            form.sent_at.errors = [refusal.sentence]
        else:
            flash(gettext("The message stands in the record."), "success")
            return see_other("status_page.incident_record", incident_id=incident.id)
    return page("status_page/manage/hand_message.html", "message", status=422, form=form, incident=incident)


@bp.get("/status/manage/updates/<int:update_id>/messages")
@requires(Permission.MANAGE_SUBSCRIBERS)
def sent_messages(update_id: int) -> ResponseReturnValue:
    update = get_update(update_id)
    return page(
        "status_page/manage/messages.html",
        "list",
        update=update,
        found=paginate(select_messages(update)),
        message_words=STATE_WORDS,
        **words_for(None, str(get_locale())),
    )


def _correct(update: IncidentUpdate, form: object, *, status: int = 200) -> ResponseReturnValue:
    fields = [] if update.incident.is_maintenance else impact_fields(form)
    return page("status_page/manage/correct.html", "correct", status=status, form=form, update=update, fields=fields)


def _change(incident: Incident, form: ChangeForm, *, status: int = 200) -> ResponseReturnValue:
    asks = needs_check(incident, actor=signed_in_user())
    return page(
        "status_page/manage/change.html", "change", status=status, form=form, incident=incident, asks_for_check=asks
    )
