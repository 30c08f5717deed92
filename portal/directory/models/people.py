from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import cache, cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from portal.core import clock
from portal.core.db import Identified, Model, Timestamped
from portal.directory.models.calendar import BusinessCalendar


class _Held(NamedTuple):
    """A permission a person has by a role, or a team the person is in."""

    role_key: str | None
    permission: str | None
    team_id: int | None
    by: str


WORKING_ROLES = frozenset(
    {
        "agent",
        "knowledge_author",
        "knowledge_reviewer",
        "knowledge_owner",
        "catalogue_owner",
        "incident_manager",
        "administrator",
        "auditor",
    }
)


class User(Identified, Timestamped, Model):
    """A person's account. It is never deleted while anything tells about it; it is deactivated."""

    __tablename__ = "user_account"
    __table_args__ = (Index("ix_user_account_display_name", "display_name"),)

    # User names and addresses are stored in lower case, so that uniqueness ignores case on every engine.
    username: Mapped[str] = mapped_column(String(120), unique=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    display_name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    password_changed_at: Mapped[datetime | None]
    must_change_password: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    locale: Mapped[str] = mapped_column(String(10), default="en")
    time_zone: Mapped[str] = mapped_column(String(60), default="UTC")
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    # Every session carries this number; raising it ends all of them.
    session_generation: Mapped[int] = mapped_column(default=1)
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    last_sign_in_at: Mapped[datetime | None]

    memberships: Mapped[list["Membership"]] = relationship(back_populates="user", cascade="all, delete-orphan")
    assignments: Mapped[list["RoleAssignment"]] = relationship(back_populates="user", cascade="all, delete-orphan")
    manager: Mapped["User | None"] = relationship(remote_side="User.id")

    is_authenticated = True
    is_anonymous = False

    def __str__(self) -> str:
        return self.display_name

    def get_id(self) -> str:
        return f"{self.id}.{self.session_generation}"

    def can(self, permission: StrEnum, *, team_id: int | None = None) -> bool:
        """Whether a role gives the permission: at all, or for the things of one team."""
        return any(
            held == permission and (scope is None or team_id is None or scope == team_id) for held, scope in self.grants
        )

    def can_everywhere(self, permission: StrEnum) -> bool:
        """Whether a role gives the permission without a limit to one team."""
        return (permission, None) in self.grants

    def teams_where(self, permission: StrEnum) -> set[int] | None:
        """Return the teams for whose things the permission is held; None means for all."""
        scopes = {scope for held, scope in self.grants if held == permission}
        return None if None in scopes else {scope for scope in scopes if scope is not None}

    @cached_property
    def _held(self) -> tuple["_Held", ...]:
        """Every permission of every role of the person and every team the person is in, in one query."""
        session = object_session(self)
        if session is None:
            return ()
        rows: Iterable[Any] = session.execute(_held_by_person(), {"user_id": self.id}).all()
        return tuple(_Held(*row) for row in rows)

    @cached_property
    def grants(self) -> frozenset[tuple[str, int | None]]:
        """Permissions with the team they are limited to (None: everywhere); roles by default belong to everyone."""
        if not self.is_active:
            return frozenset()
        return frozenset((held.permission, held.team_id) for held in self._held if held.permission)

    @cached_property
    def team_ids(self) -> frozenset[int]:
        return frozenset(held.team_id for held in self._held if held.by == "member" and held.team_id is not None)

    @cached_property
    def audience_tokens(self) -> frozenset[str]:
        """What may be read: compared with the tokens of an article, a catalogue item or a component."""
        if object_session(self) is None or not self.is_active:
            return frozenset({"public"})
        roles = {held.role_key for held in self._held if held.by == "assigned"}
        tokens = {"public", "signed-in"} | {f"role:{key}" for key in roles} | {f"team:{team}" for team in self.team_ids}
        # Whoever works for IT in any role reads what is meant for agents.
        return frozenset(tokens | ({"agents"} if roles & WORKING_ROLES else set()))

    def forget_rights(self) -> None:
        """Drop what was remembered of the rights, after they were changed in this session."""
        for name in ("_held", "grants", "team_ids", "audience_tokens"):
            self.__dict__.pop(name, None)


class Team(Identified, Timestamped, Model):
    """A group of agents that answers for services and has a queue."""

    __tablename__ = "team"

    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(default="")
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("business_calendar.id"))
    is_active: Mapped[bool] = mapped_column(default=True)

    calendar: Mapped[BusinessCalendar | None] = relationship()
    memberships: Mapped[list["Membership"]] = relationship(back_populates="team", cascade="all, delete-orphan")

    def __str__(self) -> str:
        return self.name


class Membership(Model):
    """Who is in which team, at which support tier, and who leads it."""

    __tablename__ = "membership"
    __table_args__ = (CheckConstraint("tier BETWEEN 1 AND 3", name="tier_range"),)

    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    tier: Mapped[int | None]
    is_lead: Mapped[bool] = mapped_column(default=False)

    team: Mapped[Team] = relationship(back_populates="memberships")
    user: Mapped[User] = relationship(back_populates="memberships")


class Role(Identified, Timestamped, Model):
    """A named set of permissions."""

    __tablename__ = "role"

    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(default="")
    # Everyone with an active account has it.
    is_default: Mapped[bool] = mapped_column(default=False)
    is_builtin: Mapped[bool] = mapped_column(default=False)
    # The product's defaults that were already given: a later version adds only what is new, and what an
    # administrator took away stays away.
    applied_defaults: Mapped[list[str]] = mapped_column(default=list)

    permissions: Mapped[list["RolePermission"]] = relationship(
        cascade="all, delete-orphan", order_by="RolePermission.permission"
    )

    def __str__(self) -> str:
        return self.name

    @property
    def shown_name(self) -> str:
        """The name in the reader's language where it is ours; what an administrator wrote stays as it is."""
        return gettext(self.name) if self.is_builtin else self.name

    @property
    def shown_description(self) -> str:
        return gettext(self.description) if self.is_builtin and self.description else self.description


class RolePermission(Model):
    """A role holds a permission, named as in the features' enums."""

    __tablename__ = "role_permission"

    role_id: Mapped[int] = mapped_column(ForeignKey("role.id", ondelete="CASCADE"), primary_key=True)
    permission: Mapped[str] = mapped_column(String(100), primary_key=True)


class RoleAssignment(Identified, Model):
    """A person has a role, for everything or for the things of one team."""

    __tablename__ = "role_assignment"
    __table_args__ = (UniqueConstraint("user_id", "role_id", "team_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("role.id", ondelete="CASCADE"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"))
    granted_at: Mapped[datetime] = mapped_column(default=clock.now)

    user: Mapped[User] = relationship(back_populates="assignments")
    role: Mapped[Role] = relationship()
    team: Mapped[Team | None] = relationship()


@cache
def _held_by_person() -> sa.CompoundSelect[Any]:
    # Made once, because every page of somebody signed in asks for it, and making it takes longer than its answer.
    nothing = sa.cast(sa.null(), sa.Text)
    person: sa.BindParameter[int] = sa.bindparam("user_id")
    assigned = (
        sa.select(Role.key, RolePermission.permission, RoleAssignment.team_id, sa.literal("assigned"))
        .join(RoleAssignment, RoleAssignment.role_id == Role.id)
        .outerjoin(RolePermission, RolePermission.role_id == Role.id)
        .where(RoleAssignment.user_id == person)
    )
    by_default = (
        sa.select(Role.key, RolePermission.permission, sa.cast(sa.null(), sa.Integer), sa.literal("default"))
        .join(RolePermission, RolePermission.role_id == Role.id)
        .where(Role.is_default)
    )
    member = sa.select(nothing, nothing, Membership.team_id, sa.literal("member")).where(Membership.user_id == person)
    return sa.union_all(assigned, by_default, member)
