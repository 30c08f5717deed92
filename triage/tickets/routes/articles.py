"""Articles on a ticket: finding those that fit, linking and unlinking them."""

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.web import commits, page, see_other
from triage.tickets import queries, services
from triage.tickets.articles import list_linked, suggest_for
from triage.tickets.enums import Permission
from triage.tickets.models import Ticket
from triage.tickets.routes.blueprint import bp

LONGEST_WORDS = 400


@bp.get("/tickets/<int:number>/articles")
@requires(Permission.WORK)
def articles(number: int) -> ResponseReturnValue:
    ticket = queries.get_ticket(number, current_user)
    services.require_agent(ticket, current_user)
    return _panel(ticket)


@bp.post("/tickets/<int:number>/articles")
@requires(Permission.WORK)
@commits
def link_article(number: int) -> ResponseReturnValue:
    ticket = queries.get_ticket(number, current_user)
    wanted = request.form.get("article", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 10):
        raise Refused(gettext("There is no such article, or you may not read it."))
    services.link_article(ticket, int(wanted), actor=current_user)
    return _linked(ticket, gettext("The article is linked to the ticket."))


@bp.post("/tickets/<int:number>/articles/<int:article_id>/unlink")
@requires(Permission.WORK)
@commits
def unlink_article(number: int, article_id: int) -> ResponseReturnValue:
    ticket = queries.get_ticket(number, current_user)
    services.unlink_article(ticket, article_id, actor=current_user)
    return _linked(ticket, gettext("The link is taken back."))


def _linked(ticket: Ticket, message: str) -> ResponseReturnValue:
    # An agent who is writing a reply keeps the page; only the list changes.
    if request.headers.get("HX-Request"):
        return _panel(ticket, done=message)
    flash(message, "success")
    return see_other("tickets.ticket", number=ticket.number, _anchor="ticket-articles")


def _panel(ticket: Ticket, *, done: str = "") -> ResponseReturnValue:
    words = request.args.get("q", "")[:LONGEST_WORDS]
    return page(
        "tickets/articles.html",
        "articles",
        ticket=ticket,
        works=True,
        words=words,
        done=done,
        linked=list_linked(ticket, current_user),
        suggested=suggest_for(ticket, current_user, words=words),
    )
