from flask import Blueprint, abort, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal.core.auth import requires
from portal.core.jobs.enums import Permission
from portal.core.jobs.models import JobFailure
from portal.core.jobs.queries import find_failure, list_failures
from portal.core.jobs.services import dismiss_failure, retry_failure
from portal.core.web import commits, page, see_other

bp = Blueprint("jobs", __name__, template_folder="templates", url_prefix="/admin/jobs")


@bp.get("")
@requires(Permission.READ)
def index() -> ResponseReturnValue:
    return page("jobs/index.html", "list", failures=list_failures())


@bp.get("/<int:failure_id>")
@requires(Permission.READ)
def failure(failure_id: int) -> ResponseReturnValue:
    found = find_failure(failure_id) or abort(404)
    return page("jobs/failure.html", failure=found, may_settle=current_user.can(Permission.SETTLE))


@bp.post("/<int:failure_id>/retry")
@requires(Permission.SETTLE)
@commits
def retry(failure_id: int) -> ResponseReturnValue:
    found = _to_settle(failure_id)
    retry_failure(found, actor=current_user)
    flash(gettext("%(job)s is queued again. If it fails again, it comes back to this list.", job=found.job), "ok")
    return see_other("jobs.index")


@bp.post("/<int:failure_id>/dismiss")
@requires(Permission.SETTLE)
@commits
def dismiss(failure_id: int) -> ResponseReturnValue:
    found = _to_settle(failure_id)
    dismiss_failure(found, actor=current_user)
    flash(gettext("The failure of %(job)s is off the list. The audit trail keeps it.", job=found.job), "ok")
    return see_other("jobs.index")


def _to_settle(failure_id: int) -> JobFailure:
    found: JobFailure = find_failure(failure_id, to_change=True) or abort(404)
    return found
