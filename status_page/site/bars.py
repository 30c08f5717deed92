"""The bars of the last days as a small drawing: four units a day, taller and in words where something was wrong."""

from dataclasses import dataclass

from babel.dates import format_date
from markupsafe import Markup

from portal.core.texts import ngettext
from status_page.enums import ComponentState
from status_page.site.words import Moments, state_word
from status_page.uptime import Day

STEP = 4
HEIGHT = 28
# Severity shows in the height too: colour is never the only sign.
_TOPS = {
    ComponentState.UNDER_MAINTENANCE: 9,
    ComponentState.DEGRADED: 6,
    ComponentState.PARTIAL: 3,
    ComponentState.MAJOR: 0,
}


@dataclass(frozen=True)
class Trouble:
    """One day on which something was wrong, for a table."""

    day: Day
    state: ComponentState


def troubles(days: list[Day]) -> list[Trouble]:
    """Return the days on which something was wrong, the latest first."""
    return [Trouble(day, day.worst) for day in reversed(days) if day.seconds]


def draw_bars(days: list[Day], moments: Moments) -> Markup:
    """Return the drawing; what was not observed is pale, and each bad day says what it was."""
    observed = [index for index, day in enumerate(days) if day.observed > 0]
    first = observed[0] if observed else len(days)
    width = len(days) * STEP - 1
    parts = []
    if first:
        parts.append(Markup('<path class="bars-none" d="M0 20H{}"/>').format(first * STEP - 1))
    if observed:
        parts.append(Markup('<path class="bars-ok" d="M{} 20H{}"/>').format(first * STEP, width))
    for index, day in enumerate(days):
        if day.seconds:
            worst = day.worst
            parts.append(
                Markup('<path class="bars-{}" d="M{} {}V28"><title>{}</title></path>').format(
                    worst.value.replace("_", "-"), index * STEP + 1.5, _TOPS[worst], _day_words(day, worst, moments)
                )
            )
    return Markup(
        '<svg class="bars" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(width, HEIGHT, summary(days), Markup("").join(parts))


def summary(days: list[Day]) -> str:
    """Return in a sentence what the drawing shows."""
    observed = len([day for day in days if day.observed > 0])
    bad = len([day for day in days if any(s.rank > 1 for s in day.seconds)])
    return str(
        ngettext(
            "%(num)d of the last %(observed)d days with trouble",
            "%(num)d of the last %(observed)d days with trouble",
            bad,
            observed=observed,
        )
    )


def _day_words(day: Day, worst: ComponentState, moments: Moments) -> str:
    date = format_date(day.day, "medium", locale=moments.locale)
    return f"{date}: {state_word(worst)}, {moments.length(day.seconds[worst])}"
