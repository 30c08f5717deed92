"""The communicator's pages: overview, composer, record and checking."""

from collections.abc import Sequence

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from portal.core import clock
from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.outbox.forms import STATE_WORDS
from portal.core.texts import gettext
from portal.core.web import commits, page, see_other
from portal.core.web.paging import paginate
from portal.directory.api import signed_in_user
from status_page.enums import OVER_STATES, Permission
from status_page.forms.incidents import (
    IncidentForm,
    UpdateForm,
    incident_form,
    suggested_next_update,
    update_form,
)
from status_page.forms.record import ReturnForm
from status_page.models import Incident
from status_page.queries import (
    get_incident,
    get_page,
    get_update,
    list_components,
    list_open_for_staff,
    list_templates,
    record_of_messages,
    select_incidents,
)
from status_page.routes.blueprint import bp
from status_page.routes.filling import fill_from_template, fill_known
from status_page.routes.showing import Preview, preview_of, readers_in_words, ticket_links, words_for
from status_page.services.incidents import open_incident
from status_page.services.updates import (
    Draft,
    approve_update,
    needs_check,
    post_update,
    return_update,
)
from status_page.site.words import channel_word


@bp.get("/status/manage")
@requires(Permission.COMMUNICATE)
def manage() -> ResponseReturnValue:
    past = paginate(select_incidents(Incident.state.in_(OVER_STATES)))
    return page(
        "status_page/manage/index.html",
        "past",
        open_incidents=list_open_for_staff(),
        past=past,
        now=clock.now(),
        **words_for(None, str(get_locale())),
    )


@bp.get("/status/manage/incidents/new")
@requires(Permission.COMMUNICATE)
def new_incident() -> ResponseReturnValue:
    form = incident_form(list(list_components()), data={"audience": ["public"]})
    form.next_update_at.data = suggested_next_update(clock.now(), get_page().cadence_minutes)
    fill_from_template(form)
    return _compose(form)


@bp.post("/status/manage/incidents/new")
@requires(Permission.COMMUNICATE)
@commits
def create_incident() -> ResponseReturnValue:
    form = incident_form(list(list_components()))
    fill_known(form)
    if "preview" in request.form:
        return _compose(form, preview=preview_of(form))
    if form.validate():
        try:
            incident = open_incident(
                form.title.data or "",
                form.draft(),
                actor=signed_in_user(),
                audience=form.audience.data or (),
                translations=form.title_translations(),
                ticket_references=form.tickets(),
            )
        except Refused as refusal:
            form.form_errors.append(refusal.sentence)
        else:
            _flash_publication(incident)
            return see_other("status_page.incident_record", incident_id=incident.id)
    return _compose(form, status=422)


@bp.get("/status/manage/incidents/<int:incident_id>")
@requires(Permission.COMMUNICATE)
def incident_record(incident_id: int) -> ResponseReturnValue:
    incident = get_incident(incident_id)
    form = update_form(incident, list(list_components()))
    form.next_update_at.data = suggested_next_update(clock.now(), get_page().cadence_minutes)
    fill_from_template(form, incident)
    return _record(incident, form)


@bp.post("/status/manage/incidents/<int:incident_id>/updates")
@requires(Permission.COMMUNICATE)
@commits
def add_update(incident_id: int) -> ResponseReturnValue:
    incident = get_incident(incident_id)
    form = update_form(incident, list(list_components()))
    fill_known(form, incident)
    if "preview" in request.form:
        return _record(incident, form, preview=preview_of(form, incident))
    if form.validate():
        try:
            post_update(incident, _draft_for(incident, form), actor=signed_in_user())
        except Refused as refusal:
            form.form_errors.append(refusal.sentence)
        else:
            _flash_publication(incident)
            return see_other("status_page.incident_record", incident_id=incident.id)
    return _record(incident, form, status=422)


@bp.post("/status/manage/updates/<int:update_id>/approve")
@requires(Permission.CHECK)
@commits
def approve(update_id: int) -> ResponseReturnValue:
    update = get_update(update_id)
    approve_update(update, actor=signed_in_user())
    flash(gettext("The update is published."), "success")
    return see_other("status_page.incident_record", incident_id=update.incident_id)


@bp.get("/status/manage/updates/<int:update_id>/return")
@requires(Permission.CHECK)
def ask_return(update_id: int) -> ResponseReturnValue:
    return page("status_page/manage/return.html", "return", form=ReturnForm(), update=get_update(update_id))


@bp.post("/status/manage/updates/<int:update_id>/return")
@requires(Permission.CHECK)
@commits
def give_back(update_id: int) -> ResponseReturnValue:
    update, form = get_update(update_id), ReturnForm()
    if form.validate():
        return_update(update, actor=signed_in_user(), note=form.note.data or "")
        flash(gettext("The update is back with its author."), "success")
        return see_other("status_page.incident_record", incident_id=update.incident_id)
    return page("status_page/manage/return.html", "return", status=422, form=form, update=update)


def _draft_for(incident: Incident, form: UpdateForm) -> Draft:
    draft = form.draft()
    # Fields left as they were do not mean that a service is down although all is resolved.
    is_over = draft.state in OVER_STATES and draft.impacts == incident.current_impacts
    if incident.is_maintenance or not incident.is_open or is_over:
        draft.impacts = None
    return draft


def _compose(form: IncidentForm, *, status: int = 200, preview: Sequence[Preview] = ()) -> ResponseReturnValue:
    page_rules = get_page()
    return page(
        "status_page/manage/compose.html",
        "compose",
        status=status,
        form=form,
        templates=list_templates(),
        asks_for_check=page_rules.second_check != "never",
        preview=preview,
        **words_for(None, str(get_locale())),
    )


def _record(
    incident: Incident, form: UpdateForm, *, status: int = 200, preview: Sequence[Preview] = ()
) -> ResponseReturnValue:
    return page(
        "status_page/manage/record.html",
        "update",
        status=status,
        incident=incident,
        form=form,
        templates=list_templates(),
        messages=record_of_messages(incident),
        message_words=STATE_WORDS,
        channel_word=channel_word,
        readers=readers_in_words(incident),
        ticket_links=ticket_links(incident),
        preview=preview,
        asks_for_check=needs_check(incident, actor=signed_in_user()),
        now=clock.now(),
        person=signed_in_user(),
        **words_for(None, str(get_locale())),
    )


def _flash_publication(incident: Incident) -> None:
    if any(update.publication == "awaiting_check" for update in incident.updates[-1:]):
        flash(gettext("Saved. A second person has to read it before it is published."), "info")
    else:
        flash(gettext("Published."), "success")
