from flask import request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.core.auth import requires
from portal.core.web import page
from triage.tickets import queries
from triage.tickets.enums import Permission
from triage.tickets.routes.blueprint import bp


@bp.get("/queue")
@requires(Permission.READ)
def queue() -> ResponseReturnValue:
    wanted = queries.QueueFilter.from_args(request.args)
    counts = queries.count_views(current_user, wanted)
    tickets, sort = queries.list_queue(current_user, wanted, found=counts[wanted.view])
    return page(
        "tickets/queue.html",
        "rows",
        wanted=wanted,
        tickets=tickets,
        sort=sort,
        counts=counts,
        most_counted=queries.MOST_COUNTED,
        teams=queries.list_teams_read_by(current_user),
        services=queries.offered().services,
        works=current_user.can(Permission.WORK),
    )
