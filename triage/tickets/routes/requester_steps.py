"""Steps of whoever asked."""

from typing import Any

from flask import flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal.core.auth import requires
from portal.core.web import commits, see_other
from triage.tickets import forms, queries, services
from triage.tickets.enums import Permission
from triage.tickets.models import Ticket
from triage.tickets.routes.blueprint import bp
from triage.tickets.routes.ticket import take_step


@bp.post("/tickets/<int:number>/reply")
@requires(Permission.REPLY_OWN)
@commits
def reply(number: int) -> ResponseReturnValue:
    ticket = queries.get_ticket(number, current_user)
    form = forms.WriteForm()

    def write() -> None:
        files = forms.store_files(form.files, current_user)
        services.reply(ticket, actor=current_user, body=forms.text_of(form.body), files=files, as_agent=False)
        flash(gettext("Your message is sent. %(team)s has been told.", team=ticket.team.name), "success")

    return take_step("write", form, ticket, write)


@bp.post("/tickets/<int:number>/confirm")
@requires(Permission.REPLY_OWN)
@commits
def confirm(number: int) -> ResponseReturnValue:
    ticket = queries.get_ticket(number, current_user)
    services.confirm_ticket(ticket, actor=current_user)
    flash(gettext("Thank you. The ticket is closed."), "success")
    return see_other("tickets.ticket", number=number)


@bp.post("/tickets/<int:number>/reopen")
@requires(Permission.READ_OWN)
@commits
def reopen(number: int) -> ResponseReturnValue:
    ticket = queries.get_ticket(number, current_user)
    form = forms.ReopenForm(prefix="reopen-")

    def act() -> None:
        services.reopen_ticket(ticket, actor=current_user, reason=forms.text_of(form.reason))
        flash(gettext("The ticket is open again, and the people working on it have been told."), "success")

    return take_step("reopen", form, ticket, act)


@bp.post("/tickets/<int:number>/follow-up")
@requires(Permission.CREATE)
@commits
def follow_up(number: int) -> ResponseReturnValue:
    ticket: Any = queries.get_ticket(number, current_user)
    form = forms.ReopenForm(prefix="reopen-")
    opened: list[Ticket] = []

    def act() -> None:
        opened.append(services.open_follow_up(ticket, actor=current_user, description=forms.text_of(form.reason)))

    answer = take_step("reopen", form, ticket, act)
    return see_other("tickets.ticket", number=opened[0].number) if opened else answer
