"""Taking or giving several tickets at once: first a page that says what will happen to each, then the act."""

from collections.abc import Sequence

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from flask_login import current_user

from portal.core.auth import requires
from portal.core.web import commits, page, see_other
from portal.directory.api import User
from triage.tickets import forms, queries, services
from triage.tickets.enums import Permission
from triage.tickets.models import Ticket
from triage.tickets.routes.blueprint import bp

MOST = 200


@bp.get("/queue/bulk")
@requires(Permission.WORK)
def bulk() -> ResponseReturnValue:
    tickets, form = _selected(request.args.getlist("ticket")), _form(request.args.getlist("ticket"))
    return _preview("claim" if request.args.get("act") == "claim" else "assign", tickets, form)


@bp.post("/queue/claim")
@requires(Permission.WORK)
@commits
def bulk_claim() -> ResponseReturnValue:
    taken = [ticket for ticket in _selected(request.form.getlist("ticket")) if can_take(ticket)]
    for ticket in taken:
        services.claim_ticket(ticket, actor=current_user)
    flash(ngettext("You have taken one ticket.", "You have taken %(num)s tickets.", len(taken)), "success")
    return see_other("tickets.queue", view="mine")


@bp.post("/queue/assign")
@requires(Permission.WORK)
@commits
def bulk_assign() -> ResponseReturnValue:
    tickets = _selected(request.form.getlist("ticket"))
    form = _form(request.form.getlist("ticket"))
    agent = forms.chosen_row(form.agent, _agents(tickets))
    if not form.validate() or agent is None:
        return _preview("assign", tickets, form, status=422)
    given = [ticket for ticket in tickets if agent.can(Permission.WORK, team_id=ticket.team_id)]
    for ticket in given:
        services.assign_ticket(ticket, agent, actor=current_user)
    flash(
        ngettext("One ticket went to %(agent)s.", "%(num)s tickets went to %(agent)s.", len(given), agent=agent),
        "success",
    )
    return see_other("tickets.queue")


def can_take(ticket: Ticket) -> bool:
    return ticket.is_active and ticket.assignee_id is None


def _selected(numbers: list[str]) -> Sequence[Ticket]:
    wanted = [int(number) for number in numbers[:MOST] if number.isascii() and number.isdigit() and len(number) < 9]
    tickets = queries.list_selected(current_user, wanted)
    return [
        ticket for ticket in tickets if ticket.is_active and current_user.can(Permission.WORK, team_id=ticket.team_id)
    ]


def _agents(tickets: Sequence[Ticket]) -> list[User]:
    teams = sorted({ticket.team_id for ticket in tickets})
    agents = {agent.id: agent for team_id in teams for agent in queries.list_agents(team_id)}
    return sorted(agents.values(), key=lambda agent: agent.display_name)


def _form(numbers: list[str]) -> forms.BulkForm:
    form = forms.BulkForm()
    form.agent.choices = forms.choices_of(_agents(_selected(numbers)), "—")
    return form


def _preview(act: str, tickets: Sequence[Ticket], form: forms.BulkForm, *, status: int = 200) -> ResponseReturnValue:
    return page("tickets/bulk.html", status=status, act=act, tickets=tickets, form=form, can_take=can_take)
