"""The filters of the trail, read from the URL: nonsense there filters nothing, it is not an error."""

from datetime import date

from werkzeug.datastructures import MultiDict

from portal.core.audit.queries import Filters
from portal.core.web.i18n import chosen_time_zone

NAMES = ("actor", "action", "subject_type", "subject_id", "since", "until")


def filters_of(values: MultiDict[str, str]) -> Filters:
    text = {name: values.get(name, "").strip()[:120] for name in NAMES}
    return Filters(
        actor=text["actor"],
        action=text["action"],
        subject_type=text["subject_type"],
        subject_id=text["subject_id"],
        since=_day(text["since"]),
        until=_day(text["until"]),
        time_zone=chosen_time_zone(),
    )


def number_of(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    # The last years of the calendar have no next day or no moment in UTC.
    return found if 1 < found.year < 9999 else None
