"""Business calendars."""

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.web import commits, page, see_other
from portal.core.web.forms import put_refusal
from portal.directory.enums import Permission
from portal.directory.forms.services import CalendarForm, NewCalendarForm
from portal.directory.models import BusinessCalendar
from portal.directory.queries.teams import get_calendar, list_calendars_with_teams
from portal.directory.routes.admin.blueprint import bp, trail
from portal.directory.routes.form_page import form_page
from portal.directory.services import calendars as services
from portal.directory.session import signed_in_user


def _page(form: CalendarForm, calendar: BusinessCalendar | None = None) -> ResponseReturnValue:
    return form_page(
        form,
        template="directory/admin/calendar.html",
        title=calendar.name if calendar else gettext("Add a business calendar"),
        submit=gettext("Save calendar") if calendar else gettext("Add calendar"),
        cancel=url_for("admin.calendars"),
        trail=trail((gettext("Business calendars"), url_for("admin.calendars"))),
        days=[form[day] for day in services.DAYS],
    )


@bp.get("/calendars")
@requires(Permission.CALENDAR_MANAGE, everywhere=True)
def calendars() -> ResponseReturnValue:
    return page("directory/admin/calendars.html", calendars=list_calendars_with_teams())


@bp.get("/calendars/new")
@requires(Permission.CALENDAR_MANAGE, everywhere=True)
def new_calendar() -> ResponseReturnValue:
    workday = dict.fromkeys(services.DAYS[:5], "09:00-12:00, 13:00-17:00")
    return _page(NewCalendarForm(data={"time_zone": current_user.time_zone} | workday))


@bp.post("/calendars/new")
@requires(Permission.CALENDAR_MANAGE, everywhere=True)
@commits
def create_calendar() -> ResponseReturnValue:
    form = NewCalendarForm()
    if form.validate():
        try:
            services.create_calendar(form.key.data or "", form.facts(), actor=signed_in_user())
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("The calendar is added."), "success")
            return see_other("admin.calendars")
    return _page(form)


@bp.get("/calendars/<int:calendar_id>")
@requires(Permission.CALENDAR_MANAGE, everywhere=True)
def edit_calendar(calendar_id: int) -> ResponseReturnValue:
    calendar, form = get_calendar(calendar_id), CalendarForm()
    form.show(calendar)
    return _page(form, calendar)


@bp.post("/calendars/<int:calendar_id>")
@requires(Permission.CALENDAR_MANAGE, everywhere=True)
@commits
def change_calendar(calendar_id: int) -> ResponseReturnValue:
    calendar, form = get_calendar(calendar_id), CalendarForm()
    if form.validate():
        try:
            services.change_calendar(calendar, form.facts(), actor=signed_in_user())
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("The calendar is saved."), "success")
            return see_other("admin.calendars")
    return _page(form, calendar)
