"""Opening incidents and changing what is said of them as a whole."""

from collections.abc import Iterable
from typing import Any

from portal.core import clock
from portal.core.audit.services import changes, record
from portal.core.db import db
from portal.core.texts import gettext
from portal.directory.api import User
from status_page.enums import Event, IncidentKind
from status_page.models import Component, Incident, IncidentAudience
from status_page.services.page import new_public_id, touch
from status_page.services.refusals import WrongTime
from status_page.services.updates import Draft, note_unchecked, post_update


def open_incident(
    title: str,
    draft: Draft,
    *,
    actor: User | None,
    audience: Iterable[str] = ("public",),
    translations: dict[str, dict[str, str]] | None = None,
    ticket_references: Iterable[str] = (),
) -> Incident:
    """Tell of a trouble for the first time; with ``draft.happened_at`` in the past the entry shows as back-dated.

    Readers see it when its first update is published, which the rules may make wait for a second person.

    Raises:
        WrongTime: the beginning lies in the future.
    """
    started_at = draft.happened_at or clock.now()
    if started_at > clock.now():
        raise WrongTime(gettext("An incident cannot begin in the future. Plan a maintenance instead."))
    incident = Incident(
        public_id=new_public_id(),
        kind=IncidentKind.INCIDENT,
        state=draft.state,
        title=title.strip(),
        translations=translations or {},
        started_at=started_at,
        opened_by_id=actor.id if actor else None,
        ticket_references=list(ticket_references),
        updates=[],
        windows=[],
    )
    set_audience(incident, audience)
    db.session.add(incident)
    db.session.flush()
    record(
        Event.INCIDENT_OPENED,
        incident,
        actor=actor,
        after={"title": incident.title, "audience": sorted(incident.audience), "started_at": started_at},
    )
    post_update(incident, draft, actor=actor)
    return incident


def change_incident(incident: Incident, *, actor: User, audience: Iterable[str] | None = None, **values: Any) -> None:
    """Change title, translations, tickets or audience; readers who saw another title see that it was corrected."""
    title_before = incident.title
    for name, value in values.items():
        setattr(incident, name, value)
    before, after = changes(incident)
    if incident.title != title_before and incident.published_at is not None:
        incident.retitled_at, incident.title_before = clock.now(), title_before
    if audience is not None and frozenset(audience) != incident.audience:
        before["audience"] = sorted(incident.audience)
        set_audience(incident, audience)
        after["audience"] = sorted(incident.audience)
    if after:
        record(Event.INCIDENT_CHANGED, incident, actor=actor, before=before, after=after)
        incident.edition += 1
        if incident.title != title_before:
            note_unchecked(incident, actor=actor, reason=gettext("Title corrected"), what=incident.title)
        touch()


def set_audience(incident: Incident, tokens: Iterable[str]) -> None:
    kept = {row.token: row for row in incident.audience_rows}
    incident.audience_rows = [kept.get(token) or IncidentAudience(token=token) for token in sorted(set(tokens))]


def audience_for(components: Iterable[Component]) -> frozenset[str]:
    """Return who should read of trouble with these components: everyone when one of them is public."""
    tokens = frozenset(token for component in components for token in component.audience)
    return frozenset({"public"}) if not tokens or "public" in tokens else tokens
