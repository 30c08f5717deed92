"""What the page says: states, headlines and moments, in the language being written."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, get_timezone_name
from markupsafe import Markup, escape

from portal.core.texts import gettext, ngettext
from status_page.board import Board
from status_page.enums import ComponentState, Impact, IncidentState, MessageChannel

TONES = {
    ComponentState.OPERATIONAL: "ok",
    ComponentState.UNDER_MAINTENANCE: "notice",
    ComponentState.DEGRADED: "warn",
    ComponentState.PARTIAL: "warn",
    ComponentState.MAJOR: "bad",
}


def state_word(state: ComponentState) -> str:
    match state:
        case ComponentState.OPERATIONAL:
            return gettext("Works")
        case ComponentState.UNDER_MAINTENANCE:
            return gettext("Planned work")
        case ComponentState.DEGRADED:
            return gettext("Slow or unreliable")
        case ComponentState.PARTIAL:
            return gettext("Partly down")
        case ComponentState.MAJOR:
            return gettext("Down")


def stage_word(state: IncidentState) -> str:  # noqa: PLR0911 (a table whose words must be translated when asked for)
    match state:
        case IncidentState.INVESTIGATING:
            return gettext("Investigating")
        case IncidentState.IDENTIFIED:
            return gettext("Cause found")
        case IncidentState.MONITORING:
            return gettext("Fixed, being watched")
        case IncidentState.RESOLVED:
            return gettext("Resolved")
        case IncidentState.POSTMORTEM:
            return gettext("Review")
        case IncidentState.SCHEDULED:
            return gettext("Planned")
        case IncidentState.IN_PROGRESS:
            return gettext("Under way")
        case IncidentState.VERIFYING:
            return gettext("Being checked")
        case IncidentState.COMPLETED:
            return gettext("Completed")
        case IncidentState.CANCELLED:
            return gettext("Called off")


def own_words(state: IncidentState) -> str:
    """Return what an entry without a text of its own says: those that the clock made."""
    match state:
        case IncidentState.IN_PROGRESS:
            return gettext("The planned work has begun.")
        case IncidentState.COMPLETED:
            return gettext("The planned work is completed.")
        case IncidentState.SCHEDULED:
            return gettext("This part of the planned work is done. The next one is still to come.")
        case IncidentState.RESOLVED:
            return gettext("This is resolved.")
        case _:
            return stage_word(state)


def channel_word(channel: MessageChannel) -> str:  # noqa: PLR0911 (a table whose words must be translated when asked for)
    match channel:
        case MessageChannel.CALL:
            return gettext("Phone call")
        case MessageChannel.MEETING:
            return gettext("Meeting or announcement")
        case MessageChannel.PRESS:
            return gettext("Word to the press")
        case MessageChannel.LETTER:
            return gettext("Letter")
        case MessageChannel.EMAIL:
            return gettext("E-mail")
        case MessageChannel.CHAT:
            return gettext("Chat")
        case MessageChannel.OTHER:
            return gettext("Another way")


def impact_tone(impact: Impact) -> str:
    return {
        Impact.NONE: "notice",
        Impact.MAINTENANCE: "notice",
        Impact.MINOR: "warn",
        Impact.MAJOR: "warn",
        Impact.CRITICAL: "bad",
    }[impact]


def page_tone(board: Board) -> str:
    """Return ok, notice, warn or bad for the page as a whole."""
    if board.troubled:
        return TONES[board.worst]
    if board.open_incidents or board.under_way or board.worst == ComponentState.UNDER_MAINTENANCE:
        return "notice"
    return "ok"


def headline(board: Board, locale: str) -> str:
    """Return the state of everything in one sentence."""
    worst = [component for component in board.troubled if component.state == board.worst]
    if worst:
        return trouble([component.row.name_in(locale) for component in worst], board.worst)
    if board.open_incidents:
        if all(item.state == IncidentState.MONITORING for item in board.open_incidents):
            return gettext("Everything works again, and we are watching it")
        return gettext("We are looking into a problem")
    if board.under_way or board.worst == ComponentState.UNDER_MAINTENANCE:
        return gettext("Planned work is under way")
    return gettext("All systems work")


def trouble(names: list[str], state: ComponentState) -> str:
    """Say that the components with these names are in a state that is not well."""
    one, both, count = names[0], {"first": names[0], "second": names[-1]}, len(names)
    match state:
        case ComponentState.MAJOR:
            several = ngettext("%(num)d service is down", "%(num)d services are down", count)
            texts = gettext("%(name)s is down", name=one), gettext("%(first)s and %(second)s are down", **both)
        case ComponentState.PARTIAL:
            several = ngettext("%(num)d service is partly down", "%(num)d services are partly down", count)
            texts = (
                gettext("%(name)s is partly down", name=one),
                gettext("%(first)s and %(second)s are partly down", **both),
            )
        case _:
            several = ngettext(
                "%(num)d service is slow or unreliable", "%(num)d services are slow or unreliable", count
            )
            texts = (
                gettext("%(name)s is slow or unreliable", name=one),
                gettext("%(first)s and %(second)s are slow or unreliable", **both),
            )
    return texts[count - 1] if count <= 2 else several


# Readers of the English page sit anywhere: day before month and 24 hours leave no doubt.
_FORMATS = {"en": "en_GB"}


class Moments:
    """Dates and times in one language and zone, as people say them, with the exact moment in the markup."""

    def __init__(self, locale: str, zone: ZoneInfo, now: datetime) -> None:
        self.locale, self.zone, self.now = _FORMATS.get(locale, locale), zone, now

    def moment(self, at: datetime) -> Markup:
        """A date and a time; the time alone when the day is the page's own."""
        if at.astimezone(self.zone).date() == self.now.astimezone(self.zone).date():
            return self._element(at, self._clock_time(at))
        return self.dated(at)

    def dated(self, at: datetime) -> Markup:
        """A date and a time that stay right on a page that is not written again."""
        return self._element(at, f"{self._date(at)}, {self._clock_time(at)}")

    def span(self, start: datetime, end: datetime) -> Markup:
        """From one moment to another; the day and the zone are said once when they are the same."""
        first, last = start.astimezone(self.zone), end.astimezone(self.zone)
        one_day = first.date() == last.date()
        with_zone = first.utcoffset() != last.utcoffset()
        return Markup("{} – {}").format(
            self._element(start, f"{self._date(start)}, {self._clock_time(start, with_zone=with_zone)}"),
            self._element(end, self._clock_time(end) if one_day else f"{self._date(end)}, {self._clock_time(end)}"),
        )

    def day(self, at: datetime) -> str:
        return str(format_date(at.astimezone(self.zone).date(), "long", locale=self.locale))

    def month(self, at: datetime) -> str:
        return str(format_datetime(at, "MMMM yyyy", tzinfo=self.zone, locale=self.locale))

    def length(self, seconds: float) -> str:
        minutes = max(1, round(seconds / 60))
        if minutes < 60:
            return gettext("%(minutes)d min", minutes=minutes)
        if minutes < 48 * 60:
            return gettext("%(hours)d h %(minutes)d min", hours=minutes // 60, minutes=minutes % 60)
        return gettext("%(days)d d %(hours)d h", days=minutes // 1440, hours=minutes % 1440 // 60)

    def _date(self, at: datetime) -> str:
        return str(format_date(at.astimezone(self.zone).date(), "medium", locale=self.locale))

    def _clock_time(self, at: datetime, *, with_zone: bool = True) -> str:
        local = at.astimezone(self.zone)
        told = str(format_time(local, "short", tzinfo=self.zone, locale=self.locale))
        if not with_zone:
            return told
        # A space that does not break: the zone stays on the line of its time.
        return f"{told}\N{NO-BREAK SPACE}{get_timezone_name(local, 'short', locale=self.locale, uncommon=True)}"

    def _element(self, at: datetime, words: str) -> Markup:
        exact = format_datetime(at, "full", tzinfo=self.zone, locale=self.locale)
        iso = at.astimezone(self.zone).isoformat(timespec="minutes")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(iso, exact, words)


def paragraphs(text: str) -> Markup:
    """Return a plain text as paragraphs; whatever looks like markup in it is shown as it was typed."""
    blocks = [block.strip() for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]
    return Markup("").join(
        Markup("<p>{}</p>").format(Markup("<br>").join(escape(line) for line in block.split("\n"))) for block in blocks
    )
