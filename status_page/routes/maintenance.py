"""Planning work, extending it, ending it early and calling it off."""

from datetime import timedelta

from flask import abort, flash
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone

from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.texts import gettext
from portal.core.web import commits, page, see_other
from portal.directory.api import signed_in_user
from status_page.enums import Permission
from status_page.forms.incidents import CancelForm, ExtendForm, MaintenanceForm, maintenance_form
from status_page.models import Incident, Window
from status_page.queries import get_incident, get_page, list_components
from status_page.routes.blueprint import bp
from status_page.services.maintenance import cancel_maintenance, extend_window, finish_window, plan_maintenance
from status_page.services.recurrence import Planned, Repeat, repeat_window


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
    form = ExtendForm(data={"ends_at": window.ends_at})
    return page("status_page/manage/extend.html", "extend", form=form, incident=incident, window=window)


@bp.post("/status/manage/maintenance/<int:incident_id>/windows/<int:window_id>")
@requires(Permission.COMMUNICATE)
@commits
def move_end(incident_id: int, window_id: int) -> ResponseReturnValue:
    incident, window = _window(incident_id, window_id)
    form = ExtendForm()
    if form.validate() and form.ends_at.data:
        try:
            extend_window(
                window,
                form.ends_at.data,
                actor=signed_in_user(),
                body=form.body.data or "",
                body_de=form.body_de.data or "",
            )
        except Refused as refusal:
            form.form_errors.append(refusal.sentence)
        else:
            flash(gettext("The new end is saved, and the readers are told."), "success")
            return see_other("status_page.incident_record", incident_id=incident.id)
    return page("status_page/manage/extend.html", "extend", status=422, form=form, incident=incident, window=window)


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
    return page("status_page/manage/cancel.html", "cancel", form=CancelForm(), incident=_maintenance(incident_id))


@bp.post("/status/manage/maintenance/<int:incident_id>/cancel")
@requires(Permission.COMMUNICATE)
@commits
def cancel(incident_id: int) -> ResponseReturnValue:
    incident, form = _maintenance(incident_id), CancelForm()
    if form.validate():
        try:
            cancel_maintenance(
                incident, actor=signed_in_user(), body=form.body.data or "", body_de=form.body_de.data or ""
            )
        except Refused as refusal:
            form.form_errors.append(refusal.sentence)
        else:
            flash(gettext("The work is called off, and the readers are told."), "success")
            return see_other("status_page.incident_record", incident_id=incident.id)
    return page("status_page/manage/cancel.html", "cancel", status=422, form=form, incident=incident)


def _plan(form: MaintenanceForm, *, status: int = 200) -> ResponseReturnValue:
    asks = get_page().second_check != "never"
    return page("status_page/manage/plan.html", "plan", status=status, form=form, asks_for_check=asks)


def _windows(form: MaintenanceForm) -> list[Planned]:
    assert form.starts_at.data is not None and form.minutes.data is not None
    first = Planned(form.starts_at.data, form.starts_at.data + timedelta(minutes=form.minutes.data))
    return repeat_window(first, Repeat(form.repeat.data), times=form.times.data or 1, zone=get_timezone())


def _maintenance(incident_id: int) -> Incident:
    incident = get_incident(incident_id)
    return incident if incident.is_maintenance else abort(404)


def _window(incident_id: int, window_id: int) -> tuple[Incident, Window]:
    incident = _maintenance(incident_id)
    window = next((item for item in incident.windows if item.id == window_id), None)
    return incident, window or abort(404)
