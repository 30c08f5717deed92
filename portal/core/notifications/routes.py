from typing import Any

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.core.auth import requires
from portal.core.notifications.enums import Permission
from portal.core.notifications.queries import count_unread, find_notification, list_notifications
from portal.core.notifications.services import mark_read
from portal.core.web import commits, page, see_other
from portal.core.web.redirects import go_to

bp = Blueprint("notifications", __name__, template_folder="templates")


@bp.get("/notifications")
@requires(Permission.READ)
def index() -> ResponseReturnValue:
    return page("notifications/index.html", "list", notifications=list_notifications(current_user.id))


@bp.post("/notifications/<int:notification_id>")
@requires(Permission.READ)
@commits
def follow(notification_id: int) -> ResponseReturnValue:
    notification = find_notification(current_user.id, notification_id)
    if notification is None:
        abort(404)
    mark_read(current_user.id, notification.id)
    return go_to(notification.path)


@bp.post("/notifications/read")
@requires(Permission.READ)
@commits
def read_all() -> ResponseReturnValue:
    mark_read(current_user.id)
    return see_other("notifications.index")


def unread_for_templates() -> dict[str, Any]:
    """Give every page the number on the bell."""
    return {"unread_notifications": count_unread(current_user.id) if current_user.is_authenticated else 0}
