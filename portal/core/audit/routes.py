"""The trail for auditors: found, read, checked and exported."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.core import clock
from portal.core.audit.enums import Event, Permission
from portal.core.audit.export import csv_lines
from portal.core.audit.forms import NAMES, filters_of, number_of
from portal.core.audit.models import AuditEvent
from portal.core.audit.queries import COUNT_CAP, get_event, last_event_id, last_verification, list_events
from portal.core.audit.services import record
from portal.core.auth import requires
from portal.core.db import Model
from portal.core.feature import registered_features
from portal.core.web import commits, page

bp = Blueprint("audit", __name__, template_folder="templates")


@dataclass(frozen=True)
class Change:
    """One field of a subject, as it was and as it became."""

    name: str
    before: Any
    after: Any


@bp.get("/audit")
@requires(Permission.READ, everywhere=True)
def index() -> ResponseReturnValue:
    before, after = number_of(request.args.get("before")), number_of(request.args.get("after"))
    return page(
        "audit/index.html",
        "list",
        found=list_events(filters_of(request.args), before=before, after=after),
        chosen={name: request.args.get(name, "") for name in NAMES},
        actions=_known_actions(),
        subject_types=sorted(Model.metadata.tables),
        count_cap=COUNT_CAP,
        verification=last_verification(),
    )


@bp.get("/audit/<int:event_id>")
@requires(Permission.READ, everywhere=True)
def event(event_id: int) -> ResponseReturnValue:
    found = get_event(event_id)
    return page("audit/event.html", event=found, changes=changes_of(found), last_id=last_event_id())


@bp.post("/audit/export")
@requires(Permission.EXPORT, everywhere=True)
@commits
def export() -> ResponseReturnValue:
    filters = filters_of(request.form)
    last = last_event_id()
    chosen = {name: value for name in NAMES if (value := request.form.get(name, "").strip())}
    record(
        Event.EXPORTED,
        Trail(),
        actor=current_user,
        after={"filters": chosen, "up_to": last},
    )
    name = f"audit-{clock.now():%Y-%m-%d}.csv"
    return Response(
        csv_lines(filters, up_to=last),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


class Trail:
    """Stands for the trail as a whole where an event is about it."""

    id = ""
    __tablename__ = AuditEvent.__tablename__

    def __str__(self) -> str:
        return "audit trail"


def changes_of(found: AuditEvent) -> list[Change]:
    before, after = found.before or {}, found.after or {}
    names = list(dict.fromkeys([*before, *after]))
    return [Change(name, before.get(name), after.get(name)) for name in names]


def _known_actions() -> list[tuple[str, list[str]]]:
    features = registered_features(current_app)
    return [
        (feature.name.replace("_", " "), [str(item) for item in feature.events])
        for feature in features
        if feature.events
    ]
