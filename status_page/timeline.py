"""From reasons to states: what a component's state is and was, with the trouble of what it needs.

Pure functions over plain values. A *stretch* is one reason for one component to be in a state for a while; a
*segment* is a piece of the resulting timeline, in which exactly one stretch is the worst.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from status_page.enums import ComponentState, Effect, SpanSource

_SOFTER = {
    ComponentState.MAJOR: ComponentState.PARTIAL,
    ComponentState.PARTIAL: ComponentState.DEGRADED,
}


@dataclass(frozen=True)
class Stretch:
    """One reason for a state from ``start`` to ``end`` (None: it lasts)."""

    state: ComponentState
    start: datetime
    end: datetime | None = None
    source: SpanSource | None = None
    incident_id: int | None = None
    # The needed component whose trouble this is, for a derived stretch.
    needs_id: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Segment:
    """A piece of a timeline that is not operational, and the stretch that decides it."""

    start: datetime
    end: datetime | None
    state: ComponentState
    because: Stretch


@dataclass(frozen=True)
class Edge:
    """``component`` needs ``needs``; nothing is said about the time before ``since``."""

    component_id: int
    needs_id: int
    effect: Effect
    since: datetime


def passed_on(state: ComponentState, effect: Effect) -> ComponentState:
    """Return what a needed component's state does to the one that needs it.

    ``softer`` is one step less: a major outage becomes a partial one, a partial outage a degradation; a degradation
    and planned work are not passed on.
    """
    match effect:
        case Effect.SAME:
            return state
        case Effect.SOFTER:
            return _SOFTER.get(state, ComponentState.OPERATIONAL)
        case Effect.NONE:
            return ComponentState.OPERATIONAL


def timelines(
    component_ids: Iterable[int], stretches: Mapping[int, Sequence[Stretch]], edges: Iterable[Edge]
) -> dict[int, list[Segment]]:
    """Return the timeline of every component, with what it gets from those it needs.

    A component that is not named in ``component_ids`` neither has a timeline nor passes anything on. A cycle, which
    the services refuse, would end at the component already under way.
    """
    wanted = set(component_ids)
    needs: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.component_id in wanted and edge.needs_id in wanted:
            needs[edge.component_id].append(edge)
    done: dict[int, list[Segment]] = {}
    under_way: set[int] = set()

    def timeline_of(component_id: int) -> list[Segment]:
        if component_id in done:
            return done[component_id]
        under_way.add(component_id)
        found = list(stretches.get(component_id, ()))
        for edge in needs[component_id]:
            if edge.needs_id not in under_way:
                found += _derived(timeline_of(edge.needs_id), edge)
        under_way.discard(component_id)
        done[component_id] = segments(found)
        return done[component_id]

    return {component_id: timeline_of(component_id) for component_id in sorted(wanted)}


def segments(stretches: Sequence[Stretch]) -> list[Segment]:
    """Lay stretches over each other: an override decides alone, else the worst one, else the earliest."""
    moments = sorted({stretch.start for stretch in stretches} | {s.end for s in stretches if s.end is not None})
    found: list[Segment] = []
    for index, start in enumerate(moments):
        end = moments[index + 1] if index + 1 < len(moments) else None
        active = [s for s in stretches if s.start <= start and (s.end is None or s.end > start)]
        if not active:
            continue
        winner = max(active, key=lambda s: (s.source == SpanSource.OVERRIDE, s.state.rank, -s.start.timestamp()))
        if winner.state == ComponentState.OPERATIONAL:
            continue
        if found and found[-1].end == start and found[-1].because == winner:
            found[-1] = Segment(found[-1].start, end, winner.state, winner)
        else:
            found.append(Segment(start, end, winner.state, winner))
    return found


def _derived(timeline: Sequence[Segment], edge: Edge) -> list[Stretch]:
    found = []
    for segment in timeline:
        state = passed_on(segment.state, edge.effect)
        start = max(segment.start, edge.since)
        if state != ComponentState.OPERATIONAL and (segment.end is None or start < segment.end):
            found.append(Stretch(state, start, segment.end, needs_id=edge.needs_id))
    return found
