"""A ticket's history as lines for people: what was written and what happened, with the reason the system had."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask_babel import gettext

from triage.tickets import routing
from triage.tickets.enums import Action, EntryKind, HoldReason, Impact, TicketKind, Urgency
from triage.tickets.models import Ticket, TicketAttachment, TicketEntry
from triage.tickets.words import HOLD_REASONS, IMPACTS, KINDS, PRIORITIES, URGENCIES

_ICONS = {
    Action.OPENED: "route",
    Action.CLAIMED: "user",
    Action.ASSIGNED: "user",
    Action.RELEASED: "inbox",
    Action.HELD: "player-pause",
    Action.RESUMED: "progress",
    Action.RESOLVED: "circle-check",
    Action.CONFIRMED: "circle-check",
    Action.REOPENED: "refresh",
    Action.MOVED: "route",
    Action.PRIORITY_SET: "flag",
    Action.CHANGED: "edit",
}
_TONES = {Action.RESOLVED: "ok", Action.CONFIRMED: "ok", Action.REOPENED: "warn"}


@dataclass(frozen=True)
class Line:
    """One line of the story. A message has an author and a text; an event has a sentence."""

    entry: TicketEntry
    is_message: bool
    at: datetime
    kind: str = ""
    author: str = ""
    text: str = ""
    what: str = ""
    why: str = ""
    icon: str = "point"
    tone: str = ""
    files: Sequence[TicketAttachment] = ()


def tell_story(
    ticket: Ticket, entries: Sequence[TicketEntry], files: Mapping[int | None, Sequence[TicketAttachment]]
) -> list[Line]:
    """Return the lines of a ticket for the timeline, in the reader's language."""
    lines = [_event(entry) if entry.kind is EntryKind.EVENT else _message(ticket, entry) for entry in entries]
    return [replace(line, files=files.get(line.entry.id, ())) for line in lines]


def _message(ticket: Ticket, entry: TicketEntry) -> Line:
    if entry.kind is EntryKind.NOTE:
        kind = "internal"
    else:
        kind = "question" if entry.author_id in (ticket.requester_id, ticket.opened_by_id) else "answer"
    author = entry.author.display_name if entry.author else gettext("The system")
    return Line(entry, True, entry.created_at, kind=kind, author=author, text=entry.body)


def _event(entry: TicketEntry) -> Line:
    assert entry.action is not None
    who = entry.author.display_name if entry.author else gettext("The system")
    return Line(
        entry,
        False,
        entry.created_at,
        what=_what(entry, who),
        why=_why(entry),
        text=entry.body if entry.action in (Action.RESOLVED, Action.REOPENED, Action.CONFIRMED, Action.HELD) else "",
        icon=_ICONS.get(entry.action, "point"),
        tone=_TONES.get(entry.action, ""),
    )


def _what(entry: TicketEntry, who: str) -> str:
    data = entry.data
    texts = {
        Action.OPENED: gettext("%(who)s opened the ticket", who=who),
        Action.CLAIMED: gettext("%(who)s took the ticket", who=who),
        Action.ASSIGNED: gettext("%(who)s gave the ticket to %(agent)s", who=who, agent=data.get("assignee", "")),
        Action.RELEASED: gettext("%(who)s put the ticket back into the queue", who=who),
        Action.HELD: gettext("%(who)s paused it, waiting for: %(what)s", who=who, what=_hold(data)),
        Action.RESUMED: gettext("Work goes on"),
        Action.RESOLVED: gettext("%(who)s marked it as solved", who=who),
        Action.CONFIRMED: gettext("%(who)s confirmed that it is solved", who=who),
        Action.REOPENED: gettext("%(who)s opened the ticket again", who=who),
        Action.MOVED: gettext(
            "%(who)s moved it from %(left)s to %(team)s",
            who=who,
            left=data.get("from_team", ""),
            team=data.get("to_team", ""),
        ),
        Action.PRIORITY_SET: gettext("%(who)s changed the priority to %(priority)s", who=who, priority=_priority(data)),
        Action.CHANGED: gettext("%(who)s changed the facts", who=who),
    }
    return str(texts.get(entry.action or Action.CHANGED, ""))


def _why(entry: TicketEntry) -> str:
    match entry.action:
        case Action.OPENED:
            return routing.sentence(entry.data.get("routing", {}))
        case Action.PRIORITY_SET if entry.data.get("matrix"):
            return str(gettext("Because the priority matrix was changed."))
        case Action.CHANGED:
            return "; ".join([*_changed(entry.data.get("changed", {})), *([entry.body] if entry.body else [])])
        case Action.MOVED | Action.RELEASED | Action.PRIORITY_SET:
            return entry.body
        case _:
            return ""


def _hold(data: dict[str, Any]) -> str:
    reason = data.get("hold_reason")
    return str(HOLD_REASONS[HoldReason(reason)]) if reason else ""


def _priority(data: dict[str, Any]) -> str:
    priority = (data.get("changed", {}).get("priority") or [None, None])[1]
    return f"{priority} ({PRIORITIES[priority]})" if priority in PRIORITIES else ""


def _changed(changed: dict[str, list[Any]]) -> list[str]:
    names = {
        "title": gettext("Title"),
        "kind": gettext("Kind"),
        "service_id": gettext("Service"),
        "category_id": gettext("Category"),
        "impact": gettext("Impact"),
        "urgency": gettext("Urgency"),
        "priority": gettext("Priority"),
    }
    words: dict[str, Callable[[Any], Any]] = {
        "kind": lambda value: KINDS[TicketKind(value)],
        "impact": lambda value: IMPACTS[Impact(value)],
        "urgency": lambda value: URGENCIES[Urgency(value)],
        "title": str,
        "priority": str,
    }
    return [
        f"{names[name]}: {words[name](before)} → {words[name](after)}" if name in words and before else str(names[name])
        for name, (before, after) in changed.items()
        if name in names
    ]
