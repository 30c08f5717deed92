"""Steps of agents on one ticket."""

from flask import flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal.core.auth import requires
from portal.core.web import commits, see_other
from portal.core.web.numbers import row_number
from portal.directory.api import Service
from triage.tickets import forms, queries, services
from triage.tickets.enums import HoldReason, Impact, Permission, TicketKind, Urgency
from triage.tickets.models import Category, Ticket
from triage.tickets.permissions import reads_internally
from triage.tickets.routes.blueprint import bp
from triage.tickets.routes.ticket import facts_page, pass_on_page, take_step


@bp.post("/tickets/<int:number>/claim")
@requires(Permission.WORK)
@commits
def claim(number: int) -> ResponseReturnValue:
    services.claim_ticket(queries.get_ticket(number, current_user), actor=current_user)
    return see_other("tickets.ticket", number=number)


@bp.post("/tickets/<int:number>/release")
@requires(Permission.WORK)
@commits
def release(number: int) -> ResponseReturnValue:
    services.release_ticket(queries.get_ticket(number, current_user), actor=current_user)
    flash(gettext("Ticket #%(number)s is back in the queue.", number=number), "success")
    return see_other("tickets.queue")


@bp.post("/tickets/<int:number>/write")
@requires(Permission.WORK)
@commits
def write(number: int) -> ResponseReturnValue:
    ticket = queries.get_ticket(number, current_user)
    form = forms.AgentWriteForm()
    return take_step("write", form, ticket, lambda: _write(ticket, form))


@bp.post("/tickets/<int:number>/resolve")
@requires(Permission.WORK)
@commits
def resolve(number: int) -> ResponseReturnValue:
    ticket = queries.get_ticket(number, current_user)
    form = forms.ResolveForm(prefix="resolve-")

    def act() -> None:
        services.resolve_ticket(ticket, actor=current_user, resolution=forms.text_of(form.resolution))

    return take_step("resolve", form, ticket, act)


@bp.post("/tickets/<int:number>/hold")
@requires(Permission.WORK)
@commits
def hold(number: int) -> ResponseReturnValue:
    ticket = queries.get_ticket(number, current_user)
    form = forms.HoldForm(prefix="hold-")

    def act() -> None:
        reason = HoldReason(form.reason.data)
        services.put_on_hold(ticket, reason, actor=current_user, note=forms.text_of(form.note))

    return take_step("hold", form, ticket, act)


@bp.post("/tickets/<int:number>/resume")
@requires(Permission.WORK)
@commits
def resume(number: int) -> ResponseReturnValue:
    services.resume_ticket(queries.get_ticket(number, current_user), actor=current_user)
    return see_other("tickets.ticket", number=number)


@bp.post("/tickets/<int:number>/assign")
@requires(Permission.WORK)
@commits
def assign(number: int) -> ResponseReturnValue:
    ticket = queries.get_ticket(number, current_user)
    agents = queries.list_agents(ticket.team_id)
    form = forms.AssignForm.for_ticket(ticket, agents)

    def act() -> None:
        agent = forms.chosen_row(form.agent, agents)
        if agent is not None:
            services.assign_ticket(ticket, agent, actor=current_user)

    return take_step("assign", form, ticket, act, again=pass_on_page)


@bp.post("/tickets/<int:number>/move")
@requires(Permission.WORK)
@commits
def move(number: int) -> ResponseReturnValue:
    ticket = queries.get_ticket(number, current_user)
    teams = queries.list_teams()
    form = forms.MoveForm.for_ticket(ticket, teams)

    def act() -> None:
        team = forms.chosen_row(form.team, teams)
        if team is not None:
            services.move_ticket(ticket, team, actor=current_user, reason=forms.text_of(form.reason))
            flash(gettext("Ticket #%(number)s went to %(team)s.", number=number, team=team.name), "success")

    answer = take_step("move", form, ticket, act, again=pass_on_page)
    if form.errors or reads_internally(current_user, ticket) or ticket.concerns(current_user.id):
        return answer
    # Whoever passed it on may no longer see it.
    return see_other("tickets.queue")


@bp.post("/tickets/<int:number>/priority")
@requires(Permission.WORK)
@commits
def priority(number: int) -> ResponseReturnValue:
    ticket = queries.get_ticket(number, current_user)
    form = forms.PriorityForm(prefix="priority-")

    def act() -> None:
        services.set_priority(ticket, int(form.priority.data), actor=current_user, reason=forms.text_of(form.reason))

    return take_step("priority", form, ticket, act, again=facts_page)


@bp.post("/tickets/<int:number>/priority/reset")
@requires(Permission.WORK)
@commits
def priority_reset(number: int) -> ResponseReturnValue:
    services.reset_priority(queries.get_ticket(number, current_user), actor=current_user)
    return see_other("tickets.ticket", number=number)


@bp.post("/tickets/<int:number>/fields")
@requires(Permission.WORK)
@commits
def fields(number: int) -> ResponseReturnValue:
    ticket = queries.get_ticket(number, current_user)
    form = forms.FieldsForm.for_ticket(ticket, queries.offered())
    version = forms.text_of(form.version)

    def act() -> None:
        services.change_fields(
            ticket,
            actor=current_user,
            title=forms.text_of(form.title),
            kind=TicketKind(form.kind.data),
            service=forms.picked(form.service, Service),
            category=forms.picked(form.category, Category),
            impact=Impact(form.impact.data),
            urgency=Urgency(form.urgency.data),
            version=row_number(version),
            reason=forms.text_of(form.reason),
        )

    return take_step("fields", form, ticket, act, again=facts_page)


def _write(ticket: Ticket, form: forms.AgentWriteForm) -> None:
    files = forms.store_files(form.files, current_user)
    if form.kind.data == "internal":
        services.add_note(ticket, actor=current_user, body=forms.text_of(form.body), files=files)
        return
    if form.then.data == "resolve":
        # The resolution is the reply: two messages with one text would only annoy.
        services.resolve_ticket(ticket, actor=current_user, resolution=forms.text_of(form.body), files=files)
        return
    services.reply(ticket, actor=current_user, body=forms.text_of(form.body), files=files, as_agent=True)
    if form.then.data == "wait":
        services.put_on_hold(ticket, HoldReason.REQUESTER, actor=current_user, tell=False)
