"""What was read is given out again only while nothing has changed."""

from collections.abc import Collection

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.audit.services import record
from portal.core.db import db
from portal.core.web.remembering import LONGEST_SECONDS, Memory, remembered, remembered_each
from portal.directory.enums import Event
from portal.directory.models import Team
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_team, make_user
from tests.factories.tickets import make_ticket
from triage.tickets.enums import Event as TicketEvent


class Reading:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        return self.times


def read_twice(app: Flask, reading: Reading, *, method: str = "GET") -> list[int]:
    answers = []
    for _ in range(2):
        with app.test_request_context("/", method=method):
            answers.append(remembered(reading, "a fact", frozenset({"public"})))
    return answers


def test_a_fact_is_read_once(app: Flask) -> None:
    assert read_twice(app, Reading()) == [1, 1]


def test_a_change_anywhere_makes_it_read_anew(app: Flask) -> None:
    reading = Reading()
    read_twice(app, reading)
    record(Event.TEAM_CREATED, make_team(), actor=None)
    db.session.commit()
    assert read_twice(app, reading) == [2, 2]


@pytest.mark.parametrize("flushed", [True, False])
def test_a_request_that_has_changed_something_neither_keeps_nor_uses_it(app: Flask, flushed: bool) -> None:
    reading = Reading()
    assert read_twice(app, reading, method="POST") == [1, 1]
    team = make_team()
    with app.test_request_context("/", method="POST"):
        team.name = "Changed"
        if flushed:
            db.session.flush()
        assert [remembered(reading, "a fact", frozenset({"public"})) for _ in range(2)] == [2, 3]
        db.session.rollback()
    assert read_twice(app, reading) == [1, 1]


def test_daily_work_moves_only_what_depends_on_it(app: Flask) -> None:
    def read() -> tuple[int, int]:
        with app.test_request_context("/"):
            return remembered(fact, "a fact"), remembered(work, "some work", with_daily_work=True)

    fact, work = Reading(), Reading()
    ticket = make_ticket()
    assert read() == read() == (1, 1)
    record(TicketEvent.OPENED, ticket, actor=None)
    db.session.commit()
    assert read() == (1, 2)
    record(Event.TEAM_CREATED, make_team(), actor=None)
    db.session.commit()
    assert read() == (2, 3)


def test_the_key_tells_readers_apart(app: Flask) -> None:
    with app.test_request_context("/"):
        assert remembered(lambda: "mine", "a fact", frozenset({"agents"})) == "mine"
        assert remembered(lambda: "yours", "a fact", frozenset({"public"})) == "yours"


def test_of_several_things_only_those_are_read_that_are_not_kept(app: Flask) -> None:
    read: list[list[int]] = []

    def squares(numbers: Collection[int]) -> dict[int, int]:
        read.append(list(numbers))
        return {number: number**2 for number in numbers if number != 3}

    with app.test_request_context("/"):
        assert remembered_each(squares, [2, 3], "squares") == {2: 4}
        assert remembered_each(squares, [4, 3, 2], "squares") == {4: 16, 2: 4}
        assert remembered_each(squares, [2], "other squares") == {2: 4}
        assert remembered_each(squares, [], "squares") == {}
    record(Event.TEAM_CREATED, make_team(), actor=None)
    db.session.commit()
    with app.test_request_context("/"):
        assert remembered_each(squares, [2], "squares") == {2: 4}
    with app.test_request_context("/", method="POST"):
        make_team("Changed", key="changed-too")
        db.session.execute(sa.update(Team).values(name="Changed"))
        assert remembered_each(squares, [2, 3], "squares") == {2: 4}
    assert read == [[2, 3], [4], [2], [2], [2, 3]]


def test_memory_keeps_the_latest_and_no_more() -> None:
    memory = Memory(most=2)
    for key in ("one", "two", "three"):
        memory.put(key, 7, key)
    assert [memory.get(key, 7) for key in ("one", "two", "three")] == [None, "two", "three"]
    assert memory.get("three", 8) is None
    assert LONGEST_SECONDS <= 60


def test_a_page_for_visitors_is_kept_while_people_work(app: Flask, client: CheckingClient) -> None:
    def statements() -> int:
        with count_queries(warm=True) as counted:
            assert client.get("/").status_code == 200
        return len(counted.statements)

    ticket, person = make_ticket(), make_user()
    fresh, kept = statements(), statements()
    assert kept < fresh
    record(TicketEvent.OPENED, ticket, actor=None)
    record(Event.SIGNED_IN, person, actor=person, daily_work=True)
    db.session.commit()
    assert statements() == kept
    record(Event.TEAM_CREATED, make_team(), actor=None)
    db.session.commit()
    assert statements() > kept
