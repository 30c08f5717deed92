"""The trail as a file for spreadsheets."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from itertools import chain

from portal.core.audit.models import AuditEvent
from portal.core.audit.queries import Filters, stream_events

COLUMNS = (
    "id",
    "at",
    "actor_id",
    "actor_name",
    "action",
    "subject_type",
    "subject_id",
    "subject_label",
    "reason",
    "before",
    "after",
    "address",
    "request_id",
    "previous_hash",
    "hash",
)
# A spreadsheet would take a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(filters: Filters, *, up_to: int) -> Iterator[str]:
    """Return the lines of a CSV file with the events that fit, oldest first, as they are read."""
    rows = ([_cell(event, name) for name in COLUMNS] for event in stream_events(filters, up_to=up_to))
    return map(_line, chain([COLUMNS], rows))


def _cell(event: AuditEvent, name: str) -> str:
    value = getattr(event, name)
    if value is None:
        return ""
    if name == "at":
        return str(value.isoformat())
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
