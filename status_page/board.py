"""The status page as one audience sees it: read once, then shown as HTML, JSON, feed or badge.

Whatever an audience may not know of is left out here, before anything is derived, counted or shown.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app

from portal.core import clock
from portal.core.db import db
from portal.core.settings import Settings
from portal.directory.api import Organisation
from status_page.enums import (
    OPEN_STATES,
    PLANNED_STATES,
    UNDER_WAY_STATES,
    ComponentState,
    Impact,
    IncidentState,
    SpanSource,
)
from status_page.impacts import worst_impact
from status_page.models import Component, ComponentGroup, Incident, IncidentUpdate, Span, StatusPage
from status_page.queries import (
    every_token,
    get_page,
    list_components,
    list_dependencies,
    list_groups,
    list_spans,
    list_visible_incidents,
)
from status_page.timeline import Edge, Segment, Stretch, timelines
from status_page.uptime import DAYS_SHOWN, Day, fill_days, last_days, uptime

RECENT_DAYS = 14


@dataclass
class BoardComponent:
    """A component with its state now, why, and its last days."""

    row: Component
    segments: list[Segment]
    days: list[Day]
    uptime: float | None
    now: Segment | None
    # The needed component whose trouble is shown, when the state is derived.
    needs: Component | None = None
    # Set while a person's word stands against incidents and dependencies, also when it says that all is well.
    override: Stretch | None = None

    @property
    def state(self) -> ComponentState:
        return self.now.state if self.now else ComponentState.OPERATIONAL


@dataclass
class Board:
    """Everything one audience may know at one moment."""

    at: datetime
    zone: ZoneInfo
    page: StatusPage
    organisation: str
    tokens: frozenset[str]
    components: list[BoardComponent]
    groups: Sequence[ComponentGroup]
    incidents: Sequence[Incident]
    # Every component of this audience by its id, removed ones too: older incidents name them.
    known: dict[int, Component]

    @cached_property
    def sections(self) -> list[tuple[ComponentGroup | None, list[BoardComponent]]]:
        """Groups with their components, those of no group last."""
        found = [(group, [c for c in self.components if c.row.group_id == group.id]) for group in self.groups]
        alone = [component for component in self.components if component.row.group_id is None]
        return [(group, members) for group, members in found if members] + ([(None, alone)] if alone else [])

    @cached_property
    def open_incidents(self) -> list[Incident]:
        return [item for item in self.incidents if item.state in OPEN_STATES]

    @cached_property
    def under_way(self) -> list[Incident]:
        return [item for item in self.incidents if item.state in UNDER_WAY_STATES]

    @cached_property
    def upcoming(self) -> list[Incident]:
        """Planned work to come, the nearest first."""
        planned = [item for item in self.incidents if item.state == IncidentState.SCHEDULED]
        return sorted(planned, key=lambda item: (self.next_window_start(item), item.id))

    @cached_property
    def recent(self) -> list[Incident]:
        """What is over, of the last days."""
        since = self.at - timedelta(days=RECENT_DAYS)
        return [item for item in self.incidents if not item.is_open and (item.ended_at or item.started_at) >= since]

    @cached_property
    def troubled(self) -> list[BoardComponent]:
        """The components that do not work as they should, the worst first."""
        found = [c for c in self.components if c.state.rank > ComponentState.UNDER_MAINTENANCE.rank]
        return sorted(found, key=lambda component: -component.state.rank)

    @cached_property
    def worst(self) -> ComponentState:
        return max((c.state for c in self.components), key=lambda state: state.rank, default=ComponentState.OPERATIONAL)

    @cached_property
    def impact(self) -> Impact:
        """The page as a whole, in the words of the Statuspage API."""
        share = len([c for c in self.components if c.state == ComponentState.MAJOR]) / max(1, len(self.components))
        match self.worst:
            case ComponentState.MAJOR:
                return Impact.CRITICAL if share > 0.5 or len(self.components) == 1 else Impact.MAJOR
            case ComponentState.PARTIAL:
                return Impact.MAJOR
            case ComponentState.DEGRADED:
                return Impact.MINOR
        if self.open_incidents:
            return max(map(self.impact_of, self.open_incidents), key=list(Impact).index)
        if self.worst == ComponentState.UNDER_MAINTENANCE or self.under_way:
            return Impact.MAINTENANCE
        return Impact.NONE

    @cached_property
    def since(self) -> datetime | None:
        """Since when something is wrong."""
        moments = [item.started_at for item in self.open_incidents]
        moments += [component.now.start for component in self.troubled if component.now]
        return min(moments, default=None)

    @cached_property
    def next_update_at(self) -> datetime | None:
        """When readers hear more, unless that moment has passed."""
        return min((moment for moment in self._promised if moment >= self.at), default=None)

    @cached_property
    def overdue_since(self) -> datetime | None:
        """Since when readers wait for an update that was promised and did not come."""
        return min((moment for moment in self._promised if moment < self.at), default=None)

    @cached_property
    def _promised(self) -> list[datetime]:
        return [item.next_update_at for item in self.open_incidents if item.next_update_at]

    def affected(self, incident: Incident) -> list[Component]:
        """The components an incident is about that this audience may know of, in the order of the page."""
        ids = {item.component_id for update in incident.published_updates for item in update.impacts}
        return [component for component in self.known.values() if component.id in ids]

    def impacts_of(self, update: IncidentUpdate) -> list[tuple[Component, ComponentState]]:
        return [(self.known[i.component_id], i.state) for i in update.impacts if i.component_id in self.known]

    def impact_of(self, incident: Incident) -> Impact:
        """Return how bad an incident is, or was at its worst, for the components this audience may know of."""
        if incident.is_maintenance:
            return incident.impact
        told = incident.published_updates[-1:] if incident.is_open else incident.published_updates
        return worst_impact(item.state for update in told for item in update.impacts if item.component_id in self.known)

    def next_window_start(self, incident: Incident) -> datetime:
        """Return when the next window begins, or the last one began."""
        waiting = [window.starts_at for window in incident.windows if window.ended_at is None]
        return min(waiting, default=incident.started_at)


def build_board(tokens: Collection[str], *, now: datetime | None = None) -> Board:
    """Read the page as readers with these tokens see it, with a fixed number of queries."""
    now = now or clock.now()
    settings: Settings = current_app.extensions["portico_settings"]
    page = get_page()
    zone = ZoneInfo(page.time_zone or settings.default_time_zone)
    days = last_days(now, zone, DAYS_SHOWN)
    known = {component.id: component for component in list_components(tokens, with_removed=True)}
    shown = [component for component in known.values() if component.removed_at is None]
    stretches = _stretches(list_spans(days[0].start, tokens))
    edges = [Edge(d.component_id, d.needs_id, d.effect, d.since) for d in list_dependencies()]
    lines = timelines([component.id for component in shown], stretches, edges)
    recent = now - timedelta(days=DAYS_SHOWN)
    incidents = list_visible_incidents(
        tokens,
        sa.or_(
            Incident.state.in_((*OPEN_STATES, *PLANNED_STATES)),
            Incident.ended_at >= recent,
            Incident.started_at >= recent,
        ),
    )
    weights = weights_of(page)
    return Board(
        at=now,
        zone=zone,
        page=page,
        organisation=_organisation(),
        tokens=frozenset(tokens),
        components=[
            _component(row, lines, stretches.get(row.id, ()), days=days, weights=weights, known=known, now=now)
            for row in shown
        ],
        groups=list_groups(),
        incidents=incidents,
        known=known,
    )


def build_whole_board() -> Board:
    """Read the page with everything on it, for those who manage it."""
    return build_board(every_token())


def weights_of(page: StatusPage) -> dict[ComponentState, float]:
    """Return how much of a minute in each state counts as down, from 0 to 1."""
    return {
        ComponentState.DEGRADED: page.weight_degraded / 100,
        ComponentState.PARTIAL: page.weight_partial / 100,
        ComponentState.MAJOR: page.weight_major / 100,
    }


def _component(
    row: Component,
    lines: dict[int, list[Segment]],
    stretches: Sequence[Stretch],
    *,
    days: list[Day],
    weights: dict[ComponentState, float],
    known: dict[int, Component],
    now: datetime,
) -> BoardComponent:
    override = next((s for s in stretches if s.source == SpanSource.OVERRIDE and s.end is None), None)
    line = lines[row.id]
    filled = fill_days(days, line, since=row.observed_since, now=now)
    current = next((piece for piece in line if piece.start <= now and (piece.end is None or piece.end > now)), None)
    needs = known.get(current.because.needs_id) if current and current.because.needs_id else None
    return BoardComponent(row, line, filled, uptime(filled, weights), current, needs, override)


def _stretches(spans: Sequence[Span]) -> dict[int, list[Stretch]]:
    found: dict[int, list[Stretch]] = defaultdict(list)
    for span in spans:
        found[span.component_id].append(
            Stretch(span.state, span.started_at, span.ended_at, span.source, span.incident_id, reason=span.reason)
        )
    return found


def _organisation() -> str:
    return db.session.scalar(sa.select(Organisation.name)) or "Portico"
