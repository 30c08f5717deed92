"""The page of one ticket: calm for whoever asked, dense for agents."""

from collections.abc import Callable
from typing import Any

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_login import current_user
from flask_wtf import FlaskForm

from portal.core.auth import requires
from portal.core.db import db
from portal.core.errors import Refused
from portal.core.files.services import FileRefused, send_stored
from portal.core.web import page, see_other
from triage.tickets import articles, forms, queries
from triage.tickets.enums import Permission
from triage.tickets.models import Ticket
from triage.tickets.permissions import can_confirm, can_work_on, reads_internally
from triage.tickets.routes.blueprint import bp
from triage.tickets.services import can_still_reopen, require_agent
from triage.tickets.story import tell_story


@bp.get("/tickets/<int:number>")
@requires(Permission.READ_OWN)
def ticket(number: int) -> ResponseReturnValue:
    return ticket_page(queries.get_ticket(number, current_user))


@bp.get("/tickets/<int:number>/attachments/<int:attachment_id>")
@requires(Permission.READ_OWN)
def attachment(number: int, attachment_id: int) -> ResponseReturnValue:
    found = queries.get_ticket(number, current_user)
    return send_stored(queries.get_attachment(found, attachment_id, current_user).file)


def ticket_page(shown: Ticket, *, status: int = 200, **filled: FlaskForm) -> Response:
    """Answer the page of a ticket; ``filled`` are forms to show again with what was entered and what is wrong."""
    user: Any = current_user
    until, files = queries.reopen_until(shown), queries.list_files(shown, user)
    context: dict[str, Any] = {
        "ticket": shown,
        "story": tell_story(shown, queries.list_entries(shown, user), files),
        "files": files.get(None, []),
        "is_own": can_confirm(user, shown),
        "can_reopen": can_still_reopen(shown),
        "reopen_until": format_date(until, "long") if until and can_still_reopen(shown) else None,
        "write": filled.get("write"),
        "reopen": filled.get("reopen") or forms.ReopenForm(prefix="reopen-", formdata=None),
        "refused": next(iter(filled), None),
    }
    if not reads_internally(user, shown):
        context["known_errors"] = [
            card for card in articles.list_linked(shown, user).cards if card.workaround is not None
        ]
        context["write"] = context["write"] or forms.WriteForm(formdata=None)
        return page("tickets/ticket.html", "conversation", status=status, **context)
    g.place = "tickets.queue"
    context |= _agent_forms(shown, filled) if can_work_on(user, shown) else {"works": False}
    context["linked"] = articles.list_linked(shown, user)
    return page("tickets/ticket_agent.html", "conversation", status=status, **context)


@bp.get("/tickets/<int:number>/pass-on")
@requires(Permission.WORK)
def pass_on(number: int) -> ResponseReturnValue:
    return pass_on_page(queries.get_ticket(number, current_user))


@bp.get("/tickets/<int:number>/facts")
@requires(Permission.WORK)
def facts(number: int) -> ResponseReturnValue:
    return facts_page(queries.get_ticket(number, current_user))


def pass_on_page(shown: Ticket, *, status: int = 200, **filled: FlaskForm) -> Response:
    """Answer the forms that give a ticket to a colleague or another team."""
    user: Any = current_user
    require_agent(shown, user)
    g.place = "tickets.queue"
    context = {
        "assign": filled.get("assign") or forms.AssignForm.for_ticket(shown, queries.list_agents(shown.team_id)),
        "move": filled.get("move") or forms.MoveForm.for_ticket(shown, queries.list_teams()),
    }
    return page("tickets/pass_on.html", "forms", status=status, ticket=shown, **context)


def facts_page(shown: Ticket, *, status: int = 200, **filled: FlaskForm) -> Response:
    """Answer the forms that correct what a ticket says."""
    user: Any = current_user
    require_agent(shown, user)
    g.place = "tickets.queue"
    priority = forms.PriorityForm(prefix="priority-", formdata=None, priority=str(shown.priority))
    facts_form = filled.get("fields") or forms.FieldsForm.for_ticket(shown, queries.offered())
    context = {"priority": filled.get("priority") or priority, "fields": facts_form}
    return page("tickets/facts.html", "forms", status=status, ticket=shown, **context)


def take_step(
    name: str,
    form: FlaskForm,
    shown: Ticket,
    act: Callable[[], object],
    *,
    again: Callable[..., Response] = ticket_page,
) -> ResponseReturnValue:
    """Take a step with a valid form and go on to the ticket, or show the form again with what is wrong at the field."""
    number = shown.number
    if form.validate():
        try:
            act()
        except (Refused, FileRefused) as refusal:
            # What the step may have begun must not be seen on the page that says it was refused.
            db.session.rollback()
            _blame(form, refusal)
        else:
            return see_other("tickets.ticket", number=number)
    return again(queries.get_ticket(number, current_user), status=422, **{name: form})


def _blame(form: FlaskForm, refusal: Refused) -> None:
    names = (
        ("files",) if isinstance(refusal, FileRefused) else ("body", "resolution", "reason", "note", "title", "agent")
    )
    field = next((form[name] for name in names if name in form), None)
    if field is None:
        field = next(iter(form))
    field.errors = [*field.errors, str(refusal)]


def _agent_forms(shown: Ticket, filled: dict[str, FlaskForm]) -> dict[str, Any]:
    user: Any = current_user
    offered = articles.find_to_insert(shown, user, request.args.get("insert", ""))
    fresh: dict[str, Callable[[], FlaskForm]] = {
        "write": lambda: forms.AgentWriteForm(
            formdata=None,
            kind="public" if offered is None or offered.is_for_requester else "internal",
            body=offered.text if offered else "",
        ),
        "resolve": lambda: forms.ResolveForm(prefix="resolve-", formdata=None),
        "hold": lambda: forms.HoldForm(prefix="hold-", formdata=None),
    }
    needed = fresh if shown.is_active else {"write": fresh["write"]}
    return {"works": True, "inserted": offered, **{name: make() for name, make in needed.items()}, **filled}
