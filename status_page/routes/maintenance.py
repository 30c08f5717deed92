"""Planning work, extending it, ending it early and calling it off."""

from datetime import timedelta

from flask import abort, flash
from flask.typing import ResponseReturnValue

from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.texts import gettext
from portal.core.web import commits, page, see_other
from portal.core.web.i18n import own_zone
from portal.directory.api import signed_in_user
from status_page.enums import Permission, Publication
from status_page.forms.maintenance import CancelForm, MaintenanceForm, MoveForm, maintenance_form
from status_page.models import Incident, IncidentUpdate, Window
from status_page.queries import get_incident, get_page, list_components
from status_page.routes.blueprint import bp
from status_page.services.maintenance import cancel_maintenance, finish_window, move_window, plan_maintenance
from status_page.services.recurrence import Planned, Repeat, repeat_window
from status_page.services.updates import needs_check


@bp.get("/status/manage/maintenance/new")
@requires(Permission.COMMUNICATE)
def new_maintenance() -> ResponseReturnValue:
    return _plan(maintenance_form(list(list_components()), data={"audience": ["public"]}))


@bp.post("/status/manage/maintenance/new")
@requires(Permission.COMMUNICATE)
@commits
def create_maintenance() -> ResponseReturnValue:
    components = list(list_components())
    form = maintenance_form(components)
    if form.validate():
        chosen = [component for component in components if component.id in (form.components.data or ())]
        try:
            incident = plan_maintenance(
                form.title.data or "",
                form.body.data or "",
                actor=signed_in_user(),
                components=chosen,
                windows=_windows(form),
                audience=form.audience.data or (),
                translations={"de": {"title": form.title_de.data}} if form.title_de.data else {},
                body_translations=form.body_translations(),
                bypass_reason=form.bypass_reason.data or "",
                notifies=bool(form.notifies.data),
            )
        except Refused as refusal:
            form.form_errors.append(refusal.sentence)
        else:
            flash(gettext("The work is planned."), "success")
            return see_other("status_page.incident_record", incident_id=incident.id)
    return _plan(form, status=422)


@bp.get("/status/manage/maintenance/<int:incident_id>/windows/<int:window_id>")
@requires(Permission.COMMUNICATE)
def edit_window(incident_id: int, window_id: int) -> ResponseReturnValue:
    incident, window = _window(incident_id, window_id)
    return _move(incident, window, MoveForm(data={"starts_at": window.starts_at, "ends_at": window.ends_at}))


@bp.post("/status/manage/maintenance/<int:incident_id>/windows/<int:window_id>")
@requires(Permission.COMMUNICATE)
@commits
def move(incident_id: int, window_id: int) -> ResponseReturnValue:
    incident, window = _window(incident_id, window_id)
    form = MoveForm()
    if form.validate() and form.ends_at.data:
        try:
            update = move_window(
                window,
                form.ends_at.data,
                actor=signed_in_user(),
                starts_at=form.starts_at.data if window.started_at is None else None,
                body=form.body.data or "",
                body_de=form.body_de.data or "",
                bypass_reason=form.bypass_reason.data or "",
            )
        except Refused as refusal:
            form.form_errors.append(refusal.sentence)
        else:
            _flash_told(update, gettext("The new time is saved, and the readers are told."))
            return see_other("status_page.incident_record", incident_id=incident.id)
    return _move(incident, window, form, status=422)


@bp.post("/status/manage/maintenance/<int:incident_id>/finish")
@requires(Permission.COMMUNICATE)
@commits
def finish(incident_id: int) -> ResponseReturnValue:
    incident = get_incident(incident_id)
    if not incident.is_maintenance or not incident.is_under_way:
        abort(409)
    finish_window(incident, actor=signed_in_user())
    flash(gettext("The work is ended."), "success")
    return see_other("status_page.incident_record", incident_id=incident.id)


@bp.get("/status/manage/maintenance/<int:incident_id>/cancel")
@requires(Permission.COMMUNICATE)
def ask_cancel(incident_id: int) -> ResponseReturnValue:
    return _call_off(_maintenance(incident_id), CancelForm())


@bp.post("/status/manage/maintenance/<int:incident_id>/cancel")
@requires(Permission.COMMUNICATE)
@commits
def cancel(incident_id: int) -> ResponseReturnValue:
    incident, form = _maintenance(incident_id), CancelForm()
    if form.validate():
        try:
            update = cancel_maintenance(
                incident,
                actor=signed_in_user(),
                body=form.body.data or "",
                body_de=form.body_de.data or "",
                bypass_reason=form.bypass_reason.data or "",
            )
        except Refused as refusal:
            form.form_errors.append(refusal.sentence)
        else:
            _flash_told(update, gettext("The work is called off, and the readers are told."))
            return see_other("status_page.incident_record", incident_id=incident.id)
    return _call_off(incident, form, status=422)


def _plan(form: MaintenanceForm, *, status: int = 200) -> ResponseReturnValue:
    asks = get_page().second_check != "never"
    return page("status_page/manage/plan.html", "plan", status=status, form=form, asks_for_check=asks)


def _move(incident: Incident, window: Window, form: MoveForm, *, status: int = 200) -> ResponseReturnValue:
    asks = needs_check(incident, actor=signed_in_user())
    return page(
        "status_page/manage/move.html",
        "move",
        status=status,
        form=form,
        incident=incident,
        window=window,
        asks_for_check=asks,
    )


def _call_off(incident: Incident, form: CancelForm, *, status: int = 200) -> ResponseReturnValue:
    asks = needs_check(incident, actor=signed_in_user())
    return page(
        "status_page/manage/cancel.html", "cancel", status=status, form=form, incident=incident, asks_for_check=asks
    )


def _flash_told(update: IncidentUpdate, sentence: str) -> None:
    if update.publication == Publication.PUBLISHED:
        flash(sentence, "success")
    else:
        flash(gettext("Saved. A second person has to read the text before it is published."), "info")


def _windows(form: MaintenanceForm) -> list[Planned]:
    assert form.starts_at.data is not None and form.minutes.data is not None
    first = Planned(form.starts_at.data, form.starts_at.data + timedelta(minutes=form.minutes.data))
    return repeat_window(first, Repeat(form.repeat.data), times=form.times.data or 1, zone=own_zone())


def _maintenance(incident_id: int) -> Incident:
    incident = get_incident(incident_id)
    return incident if incident.is_maintenance else abort(404)


def _window(incident_id: int, window_id: int) -> tuple[Incident, Window]:
    incident = _maintenance(incident_id)
    window = next((item for item in incident.windows if item.id == window_id), None)
    return incident, window or abort(404)
