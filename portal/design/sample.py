"""What the living page shows: plain data in the shapes that the macros take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from markupsafe import Markup


@dataclass(frozen=True)
class Page:
    page: int
    per_page: int
    total: int

    @property
    def pages(self) -> int:
        return -(-self.total // self.per_page)

    @property
    def has_prev(self) -> bool:
        return self.page > 1

    @property
    def has_next(self) -> bool:
        return self.page < self.pages


@dataclass(frozen=True)
class Row:
    number: str
    subject: str
    asked_by: str
    service: str
    state: tuple[str, str, str]
    priority: tuple[int, str]
    agent: str | None
    due: tuple[str, str]
    changed_at: datetime
    unread: bool = False


NEW = ("New", "notice", "inbox")
IN_WORK = ("In progress", "neutral", "progress")
WAITING = ("Waiting for requester", "warn", "player-pause")
RESOLVED = ("Resolved", "ok", "circle-check")

HIGHLIGHTED = Markup(
    '<span class="nv">$profile</span> <span class="o">=</span> <span class="nb">Get-VpnConnection</span> <span class="n">-Name</span> '
    '<span class="s">"Office"</span>\n<span class="c"># Remove the profile, then sign in again</span>\n'
    '<span class="k">if</span> <span class="p">(</span><span class="nv">$profile</span><span class="p">)</span> <span class="p">{</span>\n'
    '    <span class="nb">Remove-VpnConnection</span> <span class="n">-Name</span> <span class="s">"Office"</span> <span class="n">-Force</span>\n<span class="p">}</span>'
)


def rows() -> list[Row]:
    now = datetime.now(UTC)
    return [
        Row(
            "T-1042",
            "VPN drops every few minutes since this morning",
            "user.sales",
            "Remote access",
            NEW,
            (1, "Critical"),
            None,
            ("18 min left", "bad"),
            now - timedelta(minutes=4),
            unread=True,
        ),
        Row(
            "T-1041",
            "Outlook keeps asking for the password",
            "user.finance",
            "Mail and calendar",
            IN_WORK,
            (2, "High"),
            "agent.mail",
            ("1 h 40 min left", "warn"),
            now - timedelta(minutes=26),
        ),
        Row(
            "T-1038",
            "Second screen stays black after docking",
            "user.design",
            "Workplace",
            WAITING,
            (3, "Normal"),
            "agent.desk",
            ("Paused", "neutral"),
            now - timedelta(hours=3),
        ),
        Row(
            "T-1035",
            "Access to the shared folder of the purchasing team",
            "user.purchasing",
            "Files",
            IN_WORK,
            (3, "Normal"),
            "agent.network",
            ("Tomorrow 10:00", "neutral"),
            now - timedelta(hours=20),
        ),
        Row(
            "T-1029",
            "Printer on floor two prints blank pages",
            "user.reception",
            "Printing",
            RESOLVED,
            (4, "Low"),
            "agent.desk",
            ("Kept", "ok"),
            now - timedelta(days=2),
        ),
    ]


def context() -> dict[str, object]:
    now = datetime.now(UTC)
    return {
        "rows": rows(),
        "middle": Page(page=7, per_page=25, total=312),
        "short": Page(page=1, per_page=25, total=5),
        "highlighted": HIGHLIGHTED,
        "ago": {
            name: now - timedelta(minutes=minutes)
            for name, minutes in {"now": 0, "soon": 12, "hour": 65, "morning": 190, "day": 1500}.items()
        },
        "weeks": [
            (f"Week {week}", count)
            for week, count in zip(range(35, 47), [31, 28, 36, 42, 39, 33, 27, 30, 24, 26, 19, 21], strict=True)
        ],
        "by_service": [
            ("Mail and calendar", 84),
            ("Remote access", 61),
            ("Printing", 38),
            ("Workplace", 35),
            ("Files", 12),
        ],
        "promises": [("Kept", 182, "ok"), ("Close", 24, "warn"), ("Missed", 9, "bad")],
    }
