from flask import Blueprint, abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_login import current_user

from portal.core.auth import requires
from portal.core.outbox.enums import Permission
from portal.core.outbox.forms import OUTCOME_WORDS, STATE_WORDS, DeliveryFilters
from portal.core.outbox.models import OutboxMessage
from portal.core.outbox.queries import count_dead, find_dead, find_message, list_messages
from portal.core.outbox.services import discard_message, may_be_discarded, may_be_resent, resend_message
from portal.core.web import commits, page, see_other

bp = Blueprint("outbox", __name__, template_folder="templates", url_prefix="/admin/deliveries")


@bp.get("")
@requires(Permission.READ)
def index() -> ResponseReturnValue:
    filters = DeliveryFilters(request.args)
    well_formed = filters.validate()
    if not well_formed:
        # A mistyped date shows its error beside the list without it.
        for field in filters:
            field.data = None if field.errors else field.data
    return page(
        "outbox/index.html",
        "list",
        filters=filters,
        messages=list_messages(filters),
        dead=count_dead(),
        words=STATE_WORDS,
        may_resend=Permission.RESEND,
        status=200 if well_formed else 422,
    )


@bp.get("/<int:message_id>")
@requires(Permission.READ)
def message(message_id: int) -> ResponseReturnValue:
    found = find_message(message_id) or abort(404)
    return page(
        "outbox/message.html",
        message=found,
        words=STATE_WORDS,
        outcomes=OUTCOME_WORDS,
        may_resend=Permission.RESEND,
        resendable=may_be_resent(found),
        discardable=may_be_discarded(found),
    )


@bp.post("/<int:message_id>/resend")
@requires(Permission.RESEND)
@commits
def resend(message_id: int) -> ResponseReturnValue:
    resend_message(_to_change(message_id), actor=current_user)
    flash(gettext("The message is queued again and will be sent in a moment."), "ok")
    return see_other("outbox.message", message_id=message_id)


@bp.post("/<int:message_id>/discard")
@requires(Permission.RESEND)
@commits
def discard(message_id: int) -> ResponseReturnValue:
    discard_message(_to_change(message_id), actor=current_user)
    flash(gettext("The message is discarded and will not be sent."), "ok")
    return see_other("outbox.message", message_id=message_id)


@bp.post("/resend")
@requires(Permission.RESEND)
@commits
def resend_selected() -> ResponseReturnValue:
    wanted = request.form.getlist("message", type=int)
    return _resend_dead(find_dead(wanted))


@bp.post("/resend-failed")
@requires(Permission.RESEND)
@commits
def resend_failed() -> ResponseReturnValue:
    return _resend_dead(find_dead())


def _resend_dead(dead: list[OutboxMessage]) -> ResponseReturnValue:
    for item in dead:
        resend_message(item, actor=current_user)
    words = ngettext("%(num)d failed message is queued again.", "%(num)d failed messages are queued again.", len(dead))
    flash(words if dead else gettext("No failed message was selected, so nothing is sent."), "ok" if dead else "notice")
    return see_other("outbox.index")


def _to_change(message_id: int) -> OutboxMessage:
    found: OutboxMessage = find_message(message_id, to_change=True) or abort(404)
    return found
