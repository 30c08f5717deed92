from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core import clock
from portal.core.db import Identified, Model, Timestamped, text_enum
from status_page.enums import SecondCheck


class StatusPage(Identified, Timestamped, Model):
    """Rules of the page and its revision, which every change raises: a single row."""

    __tablename__ = "status_page"
    __table_args__ = (
        CheckConstraint("id = 1", name="single_row"),
        CheckConstraint("weight_degraded BETWEEN 0 AND 100", name="weight_degraded_range"),
        CheckConstraint("weight_partial BETWEEN 0 AND 100", name="weight_partial_range"),
        CheckConstraint("weight_major BETWEEN 0 AND 100", name="weight_major_range"),
    )

    revision: Mapped[int] = mapped_column(BigInteger, default=1)
    changed_at: Mapped[datetime]
    second_check: Mapped[SecondCheck] = mapped_column(text_enum(SecondCheck), default=SecondCheck.NEVER)
    # Minutes between two updates of an open incident, when its author says nothing else.
    cadence_minutes: Mapped[int] = mapped_column(default=60)
    long_running_hours: Mapped[int] = mapped_column(default=24)
    announce_minutes: Mapped[int] = mapped_column(default=60)
    # How much of a minute in a state counts as down, in per cent.
    weight_degraded: Mapped[int] = mapped_column(default=0)
    weight_partial: Mapped[int] = mapped_column(default=30)
    weight_major: Mapped[int] = mapped_column(default=100)
    # In which the public page tells the time; empty: the portal's own.
    time_zone: Mapped[str] = mapped_column(String(60), default="")

    def __str__(self) -> str:
        return "Status page"


class UpdateTemplate(Identified, Timestamped, Model):
    """A prepared text with variables in braces, in every language of the portal."""

    __tablename__ = "status_template"

    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(40), default="")
    title: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[str]
    translations: Mapped[dict[str, dict[str, str]]] = mapped_column(default=dict)

    def __str__(self) -> str:
        return self.name


class WriteToken(Identified, Model):
    """A key of the write API: only its digest is kept."""

    __tablename__ = "status_write_token"

    name: Mapped[str] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    def __str__(self) -> str:
        return self.name


def in_language(row: Any, field: str, locale: str) -> str:
    """Return a text of a row in a language, else in the language it was first written in."""
    translated = row.translations.get(locale, {}).get(field)
    return str(translated or getattr(row, field))
