from flask import request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.core.auth import requires
from portal.core.web import page
from triage.tickets import queries
from triage.tickets.enums import Permission
from triage.tickets.routes.blueprint import bp

VIEWS = ("all", "open", "waiting", "done")


@bp.get("/tickets")
@requires(Permission.READ_OWN)
def mine() -> ResponseReturnValue:
    view = request.args.get("view", "")
    view = view if view in VIEWS else "all"
    return page("tickets/mine.html", "list", view=view, tickets=queries.list_own(current_user, view))
