"""The tickets of an article, and linking one from there."""

from flask import abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from knowledge.api import Article, list_readable
from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.web import commits, page, see_other
from triage.tickets import queries, services
from triage.tickets.enums import Permission
from triage.tickets.known_errors import page_of_tickets
from triage.tickets.routes.blueprint import bp


@bp.get("/articles/<int:article_id>/tickets")
@requires(Permission.READ)
def tickets_of_article(article_id: int) -> ResponseReturnValue:
    article = _readable(article_id)
    tickets = page_of_tickets(article, current_user)
    return page("tickets/of_article.html", "list", article=article, tickets=tickets)


@bp.post("/articles/<int:article_id>/tickets")
@requires(Permission.WORK)
@commits
def link_ticket(article_id: int) -> ResponseReturnValue:
    article = _readable(article_id)
    wanted = request.form.get("number", "").strip().removeprefix("#")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 10):
        raise Refused(gettext("Enter the number of a ticket."))
    services.link_article(queries.get_ticket(int(wanted), current_user), article.id, actor=current_user)
    flash(gettext("The article is linked to the ticket."), "success")
    return see_other("tickets.tickets_of_article", article_id=article.id)


def _readable(article_id: int) -> Article:
    article = list_readable([article_id], current_user).get(article_id)
    if article is None:
        abort(404)
    return article
