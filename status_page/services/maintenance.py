"""Planned work: announced, begun and ended by the clock, extended or called off by people."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from portal.core import clock
from portal.core.audit.services import record
from portal.core.db import db
from portal.core.texts import gettext
from portal.directory.api import User
from status_page.enums import (
    PLANNED_STATES,
    UNDER_WAY_STATES,
    ComponentState,
    Event,
    Impact,
    IncidentKind,
    IncidentState,
    Publication,
)
from status_page.models import Component, Incident, IncidentUpdate, UpdateImpact, Window
from status_page.queries import get_page
from status_page.services.broadcasts import queue_broadcast
from status_page.services.incidents import set_audience
from status_page.services.page import new_public_id, touch
from status_page.services.recurrence import Planned
from status_page.services.refusals import AlreadyOver, OverlappingMaintenance, WrongTime
from status_page.services.spans import rebuild
from status_page.services.updates import Draft, post_update


def plan_maintenance(
    title: str,
    body: str,
    *,
    actor: User | None,
    components: Sequence[Component],
    windows: Sequence[Planned],
    audience: Iterable[str] = ("public",),
    translations: dict[str, dict[str, str]] | None = None,
    body_translations: dict[str, dict[str, str]] | None = None,
    bypass_reason: str = "",
    notifies: bool = True,
) -> Incident:
    """Announce planned work on components in one or several windows.

    Raises:
        WrongTime: there is no window, one ends before it starts, or the first one has passed.
        OverlappingMaintenance: a window meets another of this plan, or other work on the same component.
    """
    ordered = sorted(windows, key=lambda window: window.starts_at)
    _refuse_windows(ordered)
    _refuse_overlap(ordered, [component.id for component in components], besides=None)
    incident = Incident(
        public_id=new_public_id(),
        kind=IncidentKind.MAINTENANCE,
        state=IncidentState.SCHEDULED,
        impact=Impact.MAINTENANCE,
        peak_impact=Impact.MAINTENANCE,
        title=title.strip(),
        translations=translations or {},
        started_at=ordered[0].starts_at,
        opened_by_id=actor.id if actor else None,
        updates=[],
        windows=[Window(starts_at=window.starts_at, ends_at=window.ends_at) for window in ordered],
    )
    set_audience(incident, audience)
    db.session.add(incident)
    db.session.flush()
    record(
        Event.MAINTENANCE_PLANNED,
        incident,
        actor=actor,
        after={"title": incident.title, "windows": [[w.starts_at.isoformat(), w.ends_at.isoformat()] for w in ordered]},
    )
    draft = Draft(
        IncidentState.SCHEDULED,
        body,
        translations=body_translations or {},
        impacts={component.id: ComponentState.UNDER_MAINTENANCE for component in components},
        bypass_reason=bypass_reason,
        notifies=notifies,
    )
    post_update(incident, draft, actor=actor)
    return incident


def move_window(
    window: Window,
    ends_at: datetime,
    *,
    actor: User,
    body: str,
    starts_at: datetime | None = None,
    bypass_reason: str = "",
    **texts: str,
) -> IncidentUpdate:
    """Move the end of a window, or all of one that has not begun, and tell the readers, who planned with the old one.

    Raises:
        AlreadyOver: the window is over.
        WrongTime: the new end is not after its start and now, or the start of work under way would move.
        OverlappingMaintenance: it would meet another window.
    """
    incident = db.session.get_one(Incident, window.incident_id)
    if window.ended_at is not None or not incident.is_open:
        raise AlreadyOver(gettext("This window is over. Plan a new one."))
    starts_at = starts_at or window.starts_at
    moves_start = starts_at != window.starts_at
    if moves_start and (window.started_at is not None or starts_at <= clock.now()):
        raise WrongTime(gettext("Only work that has not begun can start at another time, and only later than now."))
    if ends_at <= max(starts_at, clock.now()):
        raise WrongTime(gettext("The end must lie after the start and after now."))
    _refuse_overlap([Planned(starts_at, ends_at)], list(incident.current_impacts), besides=incident.id)
    if any(w is not window and w.starts_at < ends_at and w.ends_at > starts_at for w in incident.windows):
        raise OverlappingMaintenance(gettext("The window would run into another one of this plan."))
    before = {"starts_at": window.starts_at, "ends_at": window.ends_at}
    window.starts_at, window.ends_at = starts_at, ends_at
    window.announced_at = window.announced_at if window.started_at else None
    if all(w.started_at is None for w in incident.windows):
        incident.started_at = min(w.starts_at for w in incident.windows)
    incident.edition += 1
    touch()
    event = Event.MAINTENANCE_MOVED if moves_start else Event.MAINTENANCE_EXTENDED
    record(event, incident, actor=actor, before=before, after={"starts_at": starts_at, "ends_at": ends_at})
    draft = Draft(incident.state, body, translations=_translated(texts), bypass_reason=bypass_reason)
    return post_update(incident, draft, actor=actor)


def change_affected(incident: Incident, components: Sequence[Component], *, actor: User) -> None:
    """Correct which components planned work touches; what its entries said before stays in the audit trail.

    Raises:
        OverlappingMaintenance: other work covers one of them at that time.
    """
    before = sorted(incident.current_impacts)
    wanted = sorted(component.id for component in components)
    if not incident.published_updates or before == wanted:
        return
    windows = [Planned(w.starts_at, w.ends_at) for w in incident.windows if w.ended_at is None]
    _refuse_overlap(windows, wanted, besides=incident.id)
    latest = incident.published_updates[-1]
    kept = {item.component_id: item for item in latest.impacts}
    latest.impacts = [
        kept.get(key) or UpdateImpact(component_id=key, state=ComponentState.UNDER_MAINTENANCE) for key in wanted
    ]
    record(Event.INCIDENT_CHANGED, incident, actor=actor, before={"components": before}, after={"components": wanted})
    incident.edition += 1
    db.session.flush()
    rebuild(incident)
    touch()


def cancel_maintenance(
    incident: Incident, *, actor: User, body: str, bypass_reason: str = "", **texts: str
) -> IncidentUpdate:
    """Call planned work off, with a word to the readers; work under way ends when they are told.

    Raises:
        AlreadyOver: it is over already.
    """
    if incident.state not in PLANNED_STATES:
        raise AlreadyOver(gettext("“%(title)s” is over.", title=incident.title))
    record(Event.MAINTENANCE_CANCELLED, incident, actor=actor, reason=body)
    draft = Draft(IncidentState.CANCELLED, body, translations=_translated(texts), bypass_reason=bypass_reason)
    return post_update(incident, draft, actor=actor)


def finish_window(incident: Incident, *, actor: User | None, at: datetime | None = None) -> None:
    """End the window under way, early by a person or on time by the clock; the last one completes the work."""
    at = at or clock.now()
    for window in incident.windows:
        if window.started_at is not None and window.ended_at is None:
            window.ended_at = max(at, window.started_at)
    remaining = [window for window in incident.windows if window.ended_at is None]
    record(Event.MAINTENANCE_ENDED, incident, actor=actor)
    if remaining:
        _tell(incident, IncidentState.SCHEDULED, at, actor)
    else:
        _tell(incident, IncidentState.COMPLETED, at, actor)


def advance_maintenance(now: datetime) -> None:
    """Announce, begin and end windows whose time has come; a clock that was away for hours catches up in order."""
    announce_before = now + timedelta(minutes=get_page().announce_minutes)
    query = (
        sa.select(Incident)
        .where(
            Incident.kind == IncidentKind.MAINTENANCE,
            Incident.state.in_(PLANNED_STATES),
            Incident.published_at.is_not(None),
            sa.exists().where(
                Window.incident_id == Incident.id, Window.ended_at.is_(None), Window.starts_at <= announce_before
            ),
        )
        .order_by(Incident.id)
    )
    for incident in db.session.scalars(query).all():
        for window in incident.windows:
            _advance_window(incident, window, now, announce_before)


def _advance_window(incident: Incident, window: Window, now: datetime, announce_before: datetime) -> None:
    if window.ended_at is not None or window.starts_at > announce_before:
        return
    if window.announced_at is None:
        window.announced_at = now
        # Work announced at the last minute needs no second notice, nor does work that begins right now.
        published = incident.published_updates[-1]
        if now < window.starts_at and published.happened_at < window.starts_at - (announce_before - now):
            queue_broadcast(published, occasion=f"soon:{window.id}")
    if window.started_at is None and window.starts_at <= now:
        window.started_at = window.starts_at
        record(Event.MAINTENANCE_STARTED, incident, actor=None)
        _tell(incident, IncidentState.IN_PROGRESS, window.starts_at, None)
    if window.started_at is not None and window.ends_at <= now and incident.state in UNDER_WAY_STATES:
        finish_window(incident, actor=None, at=window.ends_at)


def _tell(incident: Incident, state: IncidentState, at: datetime, actor: User | None) -> None:
    """Add an entry the clock makes: its words come from the catalogue, so the body stays empty."""
    impacts = incident.current_impacts
    update = IncidentUpdate(
        public_id=new_public_id(),
        state=state,
        body="",
        happened_at=at,
        publication=Publication.PUBLISHED,
        author_id=actor.id if actor else None,
        author_name=str(actor) if actor else "",
        created_at=clock.now(),
        published_at=clock.now(),
        notifies=True,
    )
    update.impacts = [UpdateImpact(component_id=key, state=value) for key, value in sorted(impacts.items())]
    incident.updates.append(update)
    incident.state = state
    incident.edition += 1
    if state == IncidentState.COMPLETED:
        incident.ended_at = max(at, incident.started_at)
    db.session.flush()
    rebuild(incident)
    queue_broadcast(update)
    touch()


def _translated(texts: dict[str, str]) -> dict[str, dict[str, str]]:
    return {name.removeprefix("body_"): {"body": text} for name, text in texts.items() if text}


def _refuse_windows(windows: Sequence[Planned]) -> None:
    if not windows:
        raise WrongTime(gettext("Planned work needs at least one window."))
    if any(window.ends_at <= window.starts_at for window in windows):
        raise WrongTime(gettext("A window must end after it starts."))
    if windows[0].ends_at <= clock.now():
        raise WrongTime(gettext("The first window has passed. Choose a later one, or enter an incident."))
    if any(later.starts_at < earlier.ends_at for earlier, later in itertools.pairwise(windows)):
        raise OverlappingMaintenance(gettext("Two windows of this plan overlap. Make one of them shorter."))


def _refuse_overlap(windows: Sequence[Planned], component_ids: Sequence[int], *, besides: int | None) -> None:
    if not component_ids:
        return
    for window in windows:
        query = (
            sa.select(Incident.title)
            .join(Window, Window.incident_id == Incident.id)
            .join(IncidentUpdate, IncidentUpdate.incident_id == Incident.id)
            .join(UpdateImpact, UpdateImpact.update_id == IncidentUpdate.id)
            .where(
                Incident.state.in_(PLANNED_STATES),
                Window.ended_at.is_(None),
                Window.starts_at < window.ends_at,
                Window.ends_at > window.starts_at,
                UpdateImpact.component_id.in_(component_ids),
            )
        )
        if besides is not None:
            query = query.where(Incident.id != besides)
        title = db.session.scalar(query.order_by(Incident.id).limit(1))
        if title is not None:
            raise OverlappingMaintenance(
                gettext(
                    "“%(title)s” already covers one of these components at that time. Choose another window.",
                    title=title,
                )
            )
