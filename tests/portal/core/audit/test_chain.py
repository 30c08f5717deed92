"""The audit trail holds, and shows when it does not."""

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import defer

from portal.core.audit.models import AuditEvent, AuditHead
from portal.core.audit.services import changes, record, verify
from portal.core.db import db
from portal.directory.enums import Event
from portal.directory.models import Team
from tests.factories.directory import make_team, make_user


def write_events(count: int) -> None:
    user = make_user()
    for number in range(count):
        record(Event.USER_CHANGED, user, actor=user, before={"n": number}, after={"n": number + 1})
        db.session.commit()


def tamper(statement: str) -> None:
    """Change history behind the portal's back, as somebody with the database's password could."""
    if db.engine.dialect.name == "sqlite":
        for deed in ("update", "delete"):
            db.session.execute(sa.text(f"DROP TRIGGER IF EXISTS audit_event_no_{deed}"))
    else:
        db.session.execute(sa.text("ALTER TABLE audit_event DISABLE TRIGGER ALL"))
    db.session.execute(sa.text(statement))
    db.session.expire_all()


def test_event_is_written_with_the_change(app: Flask) -> None:
    user = make_user(display_name="Before")
    user.display_name = "After"
    before, after = changes(user)
    record(Event.USER_CHANGED, user, actor=user, before=before, after=after)
    db.session.commit()
    event = db.session.scalars(sa.select(AuditEvent)).one()
    assert (event.actor_name, event.subject_type, event.subject_id) == (user.username, "user_account", str(user.id))
    assert event.before == {"display_name": "Before"}
    assert event.after == {"display_name": "After"}
    assert verify() == (1, None)


@pytest.mark.parametrize("expired", [None, ["name"]], ids=["the whole row", "the column alone"])
def test_changes_of_what_was_never_loaded_tell_how_it_was(app: Flask, expired: list[str] | None) -> None:
    team = make_team(name="Before", description="Same")
    db.session.expire(team, expired)
    team.name = "After"
    assert changes(team) == ({"name": "Before"}, {"name": "After"})
    db.session.flush()
    assert changes(team) == ({}, {})


def test_changes_of_a_column_left_out_when_the_row_was_read(app: Flask) -> None:
    team_id = make_team(name="Before", description="Same").id
    db.session.expunge_all()
    query = sa.select(Team).where(Team.id == team_id).options(defer(Team.name), defer(Team.description))
    team = db.session.scalars(query).one()
    team.name, team.description = "After", "Same"
    assert changes(team) == ({"name": "Before"}, {"name": "After"})


def test_changes_of_a_new_row_begin_with_nothing(app: Flask) -> None:
    before, after = changes(Team(key="new", name="New"))
    assert before == {"key": None, "name": None}
    assert after == {"key": "new", "name": "New"}


def test_rolled_back_change_leaves_no_event(app: Flask) -> None:
    user = make_user()
    record(Event.USER_CHANGED, user, actor=None)
    db.session.rollback()
    db.session.commit()
    assert db.session.scalars(sa.select(AuditEvent)).all() == []


def test_event_of_a_rolled_back_savepoint_is_dropped(app: Flask) -> None:
    user = make_user()
    record(Event.USER_CHANGED, user, actor=None, label="kept")
    nested = db.session.begin_nested()
    record(Event.USER_CHANGED, user, actor=None, label="dropped")
    nested.rollback()
    db.session.commit()
    assert [event.subject_label for event in db.session.scalars(sa.select(AuditEvent))] == ["kept"]


def test_database_refuses_to_change_history(app: Flask) -> None:
    write_events(1)
    for statement in ("UPDATE audit_event SET reason = 'x'", "DELETE FROM audit_event"):
        with pytest.raises(DatabaseError, match="append-only"):
            db.session.execute(sa.text(statement))
        db.session.rollback()


@pytest.mark.parametrize(
    ("statement", "event_id", "kind"),
    [
        ("UPDATE audit_event SET actor_name = 'nobody' WHERE id = 2", 2, "changed"),
        ("DELETE FROM audit_event WHERE id = 3", 3, "removed"),
        ("DELETE FROM audit_event WHERE id = 5", 5, "removed"),
        (
            "INSERT INTO audit_event SELECT 6, at, actor_id, actor_name, action, subject_type, subject_id, subject_label,"
            " reason, before, after, address, request_id, previous_hash, hash FROM audit_event WHERE id = 5",
            6,
            "inserted",
        ),
        ("UPDATE audit_event SET previous_hash = hash WHERE id = 4", 4, "changed"),
    ],
)
def test_verify_names_the_first_broken_row(app: Flask, statement: str, event_id: int, kind: str) -> None:
    write_events(5)
    assert verify() == (5, None)
    tamper(statement)
    _, found = verify()
    assert found is not None
    assert (found.event_id, found.kind) == (event_id, kind)


def test_cut_end_is_found_though_the_rest_is_whole(app: Flask) -> None:
    write_events(3)
    tamper("DELETE FROM audit_event WHERE id > 1")
    _, found = verify()
    assert found is not None and found.event_id == 2
    assert db.session.scalars(sa.select(AuditHead.last_id)).one() == 3
