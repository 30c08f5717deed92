from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.db import db
from status_page.board import build_board
from status_page.enums import ComponentState, IncidentState
from status_page.models import Broadcast
from status_page.permissions import PUBLIC
from status_page.services.clockwork import do_what_is_due
from status_page.services.maintenance import cancel_maintenance, finish_window, move_window
from status_page.services.recurrence import Planned, Repeat, repeat_window
from status_page.services.refusals import AlreadyOver, OverlappingMaintenance, WrongTime
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.status_page import make_component, make_maintenance

WORK, OK = ComponentState.UNDER_MAINTENANCE, ComponentState.OPERATIONAL


def state_now() -> ComponentState:
    db.session.commit()
    return build_board(PUBLIC).components[0].state


def test_starts_and_ends_by_itself_and_is_told_before_at_start_and_at_end(app: Flask, clock: HeldClock) -> None:
    work = make_maintenance(make_component())
    clock.forward(minutes=59)
    do_what_is_due()
    assert (work.state, state_now()) == (IncidentState.SCHEDULED, OK)
    clock.forward(minutes=2)
    do_what_is_due()
    do_what_is_due()
    clock.forward(minutes=59)
    do_what_is_due()
    assert (work.state, state_now()) == (IncidentState.IN_PROGRESS, WORK)
    clock.forward(minutes=61)
    do_what_is_due()
    assert (work.state, state_now()) == (IncidentState.COMPLETED, OK)
    assert (work.windows[0].started_at, work.windows[0].ended_at) == (
        work.windows[0].starts_at,
        work.windows[0].ends_at,
    )
    occasions = db.session.scalars(sa.select(Broadcast.occasion).order_by(Broadcast.id)).all()
    assert occasions == ["update", f"soon:{work.windows[0].id}", "update", "update"]


def test_clock_that_was_away_for_a_day_catches_up(app: Flask, clock: HeldClock) -> None:
    work = make_maintenance(make_component())
    clock.forward(days=1)
    do_what_is_due()
    assert [u.state for u in work.published_updates] == ["scheduled", "in_progress", "completed"]
    assert work.ended_at == work.windows[0].ends_at


def test_several_windows(app: Flask, clock: HeldClock) -> None:
    first = Planned(clock.now() + timedelta(hours=2), clock.now() + timedelta(hours=3))
    windows = repeat_window(first, Repeat.DAILY, times=2, zone=ZoneInfo("Europe/Berlin"))
    work = make_maintenance(make_component(), windows=windows)
    seen = []
    for hours in (0, 2.5, 1, 22.5, 2):
        clock.forward(hours=hours)
        do_what_is_due()
        seen.append(str(work.state))
    assert seen == ["scheduled", "in_progress", "scheduled", "in_progress", "completed"]


def test_extended_with_notice(app: Flask, clock: HeldClock) -> None:
    work = make_maintenance(make_component())
    clock.forward(hours=2, minutes=1)
    do_what_is_due()
    later = work.windows[0].ends_at + timedelta(hours=1)
    move_window(work.windows[0], later, actor=make_user(), body="It takes longer.", body_de="Es dauert länger.")
    assert work.published_updates[-1].body_in("de") == "Es dauert länger."
    states = []
    for _ in range(2):
        clock.forward(hours=1)
        do_what_is_due()
        states.append(work.state)
    assert states == [IncidentState.IN_PROGRESS, IncidentState.COMPLETED]
    with pytest.raises(AlreadyOver):
        move_window(work.windows[0], later, actor=make_user(), body="Again")


def test_called_off_while_under_way_ends_now(app: Flask, clock: HeldClock) -> None:
    work = make_maintenance(make_component())
    clock.forward(hours=2, minutes=10)
    do_what_is_due()
    cancel_maintenance(work, actor=make_user(), body="The part is missing.")
    assert (work.state, state_now()) == (IncidentState.CANCELLED, OK)
    with pytest.raises(AlreadyOver):
        cancel_maintenance(work, actor=make_user(), body="Again")


def test_finished_early(app: Flask, clock: HeldClock) -> None:
    work = make_maintenance(make_component())
    clock.forward(hours=2, minutes=10)
    do_what_is_due()
    finish_window(work, actor=make_user())
    assert (work.state, work.windows[0].ended_at, state_now()) == (IncidentState.COMPLETED, clock.now(), OK)


def test_overlapping_work_on_one_component_is_refused(app: Flask, clock: HeldClock) -> None:
    component = make_component()
    make_maintenance(component, title="Switch")
    with pytest.raises(OverlappingMaintenance, match="Switch"):
        make_maintenance(component, starts_in=timedelta(hours=2.5))
    make_maintenance(component, starts_in=timedelta(hours=3))
    make_maintenance(make_component(), starts_in=timedelta(hours=2.5))
    one = Planned(clock.now() + timedelta(hours=9), clock.now() + timedelta(hours=11))
    two = Planned(clock.now() + timedelta(hours=10), clock.now() + timedelta(hours=12))
    with pytest.raises(OverlappingMaintenance):
        make_maintenance(component, windows=[one, two])


def test_impossible_windows_are_refused(app: Flask, clock: HeldClock) -> None:
    now, hour = clock.now(), timedelta(hours=1)
    for windows in ([], [Planned(now + hour, now)], [Planned(now - 2 * hour, now - hour)]):
        with pytest.raises(WrongTime):
            make_maintenance(make_component(), windows=windows)


def test_repeating_window_keeps_the_wall_clock_over_the_change_of_clocks() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = Planned(datetime(2026, 3, 27, 21, tzinfo=UTC), datetime(2026, 3, 27, 23, tzinfo=UTC))
    found = repeat_window(first, Repeat.DAILY, times=4, zone=zone)
    assert {w.starts_at.astimezone(zone).hour for w in found} == {22}
    assert {w.ends_at - w.starts_at for w in found} == {timedelta(hours=2)}
    leap = Planned(datetime(2026, 3, 28, 1, 30, tzinfo=UTC), datetime(2026, 3, 28, 2, tzinfo=UTC))
    assert repeat_window(leap, Repeat.DAILY, times=2, zone=zone)[1].starts_at == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )
    monthly = Planned(datetime(2026, 1, 31, 9, tzinfo=UTC), datetime(2026, 1, 31, 10, tzinfo=UTC))
    months = [w.starts_at.month for w in repeat_window(monthly, Repeat.MONTHLY, times=3, zone=ZoneInfo("UTC"))]
    assert months == [1, 3, 5]
