"""From the states of components to how bad an incident is as a whole."""

from collections.abc import Iterable

from status_page.enums import ComponentState, Impact

_IMPACTS = {
    ComponentState.OPERATIONAL: Impact.NONE,
    ComponentState.UNDER_MAINTENANCE: Impact.NONE,
    ComponentState.DEGRADED: Impact.MINOR,
    ComponentState.PARTIAL: Impact.MAJOR,
    ComponentState.MAJOR: Impact.CRITICAL,
}
_ORDER = (Impact.NONE, Impact.MINOR, Impact.MAJOR, Impact.CRITICAL)


def worst_impact(states: Iterable[ComponentState]) -> Impact:
    """Return the impact of the worst of these states."""
    return max((_IMPACTS[state] for state in states), key=_ORDER.index, default=Impact.NONE)
