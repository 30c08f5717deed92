"""Updates: written, read by a second person where the rules say so, published, corrected."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from portal.core import clock
from portal.core.audit.services import record
from portal.core.db import db
from portal.core.errors import NotAllowed
from portal.core.texts import gettext
from portal.directory.api import User
from status_page.enums import (
    INCIDENT_STATES,
    MAINTENANCE_STATES,
    OPEN_STATES,
    OVER_STATES,
    ComponentState,
    Event,
    IncidentState,
    Permission,
    Publication,
    SecondCheck,
)
from status_page.models import Correction, Incident, IncidentUpdate, UpdateImpact
from status_page.queries import get_page
from status_page.services.broadcasts import queue_broadcast
from status_page.services.page import new_public_id, touch
from status_page.services.refusals import AlreadyOver, CheckRefused, WrongState, WrongTime
from status_page.services.reminders import ask_for_check, tell_author, tell_of_unchecked_change
from status_page.services.spans import rebuild

# Written within this time of what it tells of, an entry counts as told at once.
PROMPTLY = timedelta(minutes=5)


@dataclass
class Draft:
    """What somebody wants to tell: the text in each language, and the state of each affected component by its id.

    ``impacts`` None keeps those of the update before; an end makes all components operational again.
    """

    state: IncidentState
    body: str
    translations: dict[str, dict[str, str]] = field(default_factory=dict)
    impacts: Mapping[int, ComponentState] | None = None
    happened_at: datetime | None = None
    next_update_at: datetime | None = None
    notifies: bool = True
    # Given when the text must go out before a second person can read it.
    bypass_reason: str = ""


def post_update(incident: Incident, draft: Draft, *, actor: User | None) -> IncidentUpdate:
    """Write the next update of an incident; publish it, or lay it before a second person when the rules ask for that.

    Raises:
        AlreadyOver: the incident is over and this is not its review.
        WrongState: the state is not one of this kind of incident.
        WrongTime: it tells of a moment to come or before the beginning.
    """
    _refuse_wrong_state(incident, draft.state)
    now = clock.now()
    happened_at = draft.happened_at or now
    if happened_at > now:
        raise WrongTime(gettext("An update cannot tell of a moment to come. Correct the time."))
    published = incident.published_updates
    if published and happened_at < published[0].happened_at:
        raise WrongTime(gettext("An update cannot lie before the first one. Correct the time."))
    update = IncidentUpdate(
        public_id=new_public_id(),
        state=draft.state,
        body=draft.body.strip(),
        translations=draft.translations,
        happened_at=happened_at,
        next_update_at=draft.next_update_at,
        notifies=draft.notifies,
        publication=Publication.AWAITING_CHECK,
        author_id=actor.id if actor else None,
        author_name=str(actor) if actor else "",
        bypass_reason=draft.bypass_reason.strip(),
        is_backdated=now - happened_at > PROMPTLY,
        created_at=now,
    )
    update.impacts = _impacts(incident, draft)
    incident.updates.append(update)
    db.session.flush()
    record(Event.UPDATE_WRITTEN, update, actor=actor, after={"incident": incident.public_id, "state": draft.state})
    if not needs_check(incident, actor=actor):
        _publish(update, actor=actor)
    elif update.bypass_reason:
        record(Event.CHECK_BYPASSED, update, actor=actor, reason=update.bypass_reason)
        _publish(update, actor=actor)
    else:
        ask_for_check(update)
    return update


def needs_check(incident: Incident, *, actor: User | None) -> bool:
    """Whether a second person must read a text about this incident; what the system itself tells needs nobody."""
    if actor is None:
        return False
    match get_page().second_check:
        case SecondCheck.ALWAYS:
            return True
        case SecondCheck.PUBLIC:
            return "public" in incident.audience
        case SecondCheck.NEVER:
            return False


def approve_update(update: IncidentUpdate, *, actor: User) -> None:
    """Publish an update that somebody else wrote.

    Raises:
        NotAllowed: the actor wrote it or may not check.
        CheckRefused: it waits for nobody any more.
    """
    _refuse_checking(update, actor)
    update.checker_id, update.checker_name = actor.id, str(actor)
    record(Event.UPDATE_CHECKED, update, actor=actor)
    _refuse_wrong_state(update.incident, update.state)
    _publish(update, actor=actor)


def return_update(update: IncidentUpdate, *, actor: User, note: str) -> None:
    """Give an update back to its author with what should be different; readers never see it."""
    _refuse_checking(update, actor)
    update.publication = Publication.RETURNED
    update.checker_id, update.checker_name, update.return_note = actor.id, str(actor), note.strip()
    record(Event.UPDATE_RETURNED, update, actor=actor, reason=note)
    tell_author(update)


def correct_update(
    update: IncidentUpdate,
    *,
    actor: User,
    body: str,
    reason: str,
    translations: dict[str, dict[str, str]] | None = None,
    happened_at: datetime | None = None,
    impacts: Mapping[int, ComponentState] | None = None,
) -> None:
    """Change a published text, its moment or how the components worked; the page shows that, when and why.

    Raises:
        CheckRefused: it was never published, so there is nothing to correct.
        WrongTime: the moment lies in the future.
    """
    if update.publication != Publication.PUBLISHED:
        raise CheckRefused(gettext("Only a published update can be corrected."))
    if happened_at is not None and happened_at > clock.now():
        raise WrongTime(gettext("An update cannot tell of a moment to come. Correct the time."))
    update.corrections.append(Correction(author_id=actor.id, reason=reason.strip(), body_before=update.body))
    before = _correctable(update)
    update.body = body.strip()
    if impacts is not None:
        kept = {item.component_id: item for item in update.impacts}
        update.impacts = [kept.get(key) or UpdateImpact(component_id=key) for key in sorted(impacts)]
        for item in update.impacts:
            item.state = impacts[item.component_id]
    if translations is not None:
        update.translations = translations
    incident = update.incident
    if happened_at is not None and happened_at != update.happened_at:
        if incident.started_at == update.happened_at:
            incident.started_at = happened_at
        if incident.ended_at is not None and incident.ended_at == update.happened_at:
            incident.ended_at = happened_at
        update.happened_at = happened_at
        incident.updates.sort(key=lambda item: (item.happened_at, item.id))
    record(Event.UPDATE_CORRECTED, update, actor=actor, before=before, after=_correctable(update), reason=reason)
    incident.edition += 1
    db.session.flush()
    rebuild(incident)
    note_unchecked(incident, actor=actor, reason=reason, what=update.body)
    touch()


def note_unchecked(incident: Incident, *, actor: User, reason: str, what: str) -> None:
    """Record that readers see something nobody read first, and tell those who may check.

    A wrong text must not stand until somebody has time; so it is corrected at once, and read afterwards.
    """
    if incident.published_at is not None and needs_check(incident, actor=actor):
        record(Event.CHECK_BYPASSED, incident, actor=actor, reason=reason)
        tell_of_unchecked_change(incident, actor=actor, what=what)


def _correctable(update: IncidentUpdate) -> dict[str, object]:
    impacts = {str(item.component_id): item.state.value for item in update.impacts}
    return {"body": update.body, "happened_at": update.happened_at, "impacts": impacts}


def _publish(update: IncidentUpdate, *, actor: User | None) -> None:
    incident, now = update.incident, clock.now()
    update.publication = Publication.PUBLISHED
    update.published_at = now
    first = incident.published_at is None
    if first:
        incident.published_at = now
        record(Event.INCIDENT_PUBLISHED, incident, actor=actor)
    incident.edition += 1
    incident.updates.sort(key=lambda item: (item.happened_at, item.id or 0))
    latest = incident.published_updates[-1]
    if latest is update:
        incident.state = update.state
        incident.next_update_at = update.next_update_at or _by_cadence(update)
        incident.reminded_at = None
        if update.state in OVER_STATES and incident.ended_at is None:
            incident.ended_at = max(update.happened_at, incident.started_at)
            record(Event.INCIDENT_RESOLVED, incident, actor=actor, after={"state": update.state})
    if update.state == IncidentState.CANCELLED:
        for window in incident.windows:
            if window.started_at is not None and window.ended_at is None:
                window.ended_at = now
    db.session.flush()
    rebuild(incident)
    record(Event.UPDATE_PUBLISHED, update, actor=actor, after={"state": update.state})
    queue_broadcast(update)
    touch()


def _impacts(incident: Incident, draft: Draft) -> list[UpdateImpact]:
    if draft.impacts is not None:
        told = dict(draft.impacts)
    elif draft.state in OVER_STATES and not incident.is_maintenance:
        told = dict.fromkeys(incident.current_impacts, ComponentState.OPERATIONAL)
    else:
        told = incident.current_impacts
    return [UpdateImpact(component_id=component_id, state=state) for component_id, state in sorted(told.items())]


def _by_cadence(update: IncidentUpdate) -> datetime | None:
    if update.state not in OPEN_STATES:
        return None
    return update.happened_at + timedelta(minutes=get_page().cadence_minutes)


def _refuse_wrong_state(incident: Incident, state: IncidentState) -> None:
    if state not in (MAINTENANCE_STATES if incident.is_maintenance else INCIDENT_STATES):
        raise WrongState(gettext("This state does not belong to this kind of entry. Choose another one."))
    if incident.published_at is None:
        if state == IncidentState.POSTMORTEM:
            raise WrongState(gettext("A review comes at the end. Resolve the incident first."))
        return
    if incident.state in OVER_STATES and state != IncidentState.POSTMORTEM:
        raise AlreadyOver(
            gettext("“%(title)s” is over. Add its review, correct an update, or open a new one.", title=incident.title)
        )
    if state == IncidentState.POSTMORTEM and incident.state not in OVER_STATES:
        raise WrongState(gettext("A review comes at the end. Resolve the incident first."))


def _refuse_checking(update: IncidentUpdate, actor: User) -> None:
    if update.publication != Publication.AWAITING_CHECK:
        raise CheckRefused(gettext("This text does not wait for a check any more."))
    if update.author_id == actor.id:
        raise NotAllowed(gettext("You wrote this text. Somebody else has to read it before it is published."))
    if not actor.can(Permission.CHECK):
        raise NotAllowed(gettext("Your account does not have the right to check texts."))
