"""States follow from reasons; pure functions, so also by property."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from status_page.enums import ComponentState, Effect, SpanSource
from status_page.timeline import Edge, Stretch, passed_on, segments, timelines
from status_page.uptime import fill_days, last_days, uptime

MAJOR, PARTIAL, DEGRADED = ComponentState.MAJOR, ComponentState.PARTIAL, ComponentState.DEGRADED
OK, WORK = ComponentState.OPERATIONAL, ComponentState.UNDER_MAINTENANCE
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WEIGHTS = {DEGRADED: 0.0, PARTIAL: 0.3, MAJOR: 1.0}


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


stretches = st.lists(
    st.builds(
        lambda state, start, length, source: Stretch(
            state, at(start), None if length is None else at(start + length), source
        ),
        st.sampled_from(list(ComponentState)),
        st.integers(0, 500),
        st.none() | st.integers(1, 500),
        st.sampled_from(list(SpanSource)),
    ),
    max_size=8,
)


def test_the_worst_reason_decides_and_its_end_uncovers_the_next() -> None:
    line = segments([Stretch(DEGRADED, at(0), at(60)), Stretch(MAJOR, at(10), at(20))])
    assert [(s.start, s.end, s.state) for s in line] == [
        (at(0), at(10), DEGRADED),
        (at(10), at(20), MAJOR),
        (at(20), at(60), DEGRADED),
    ]


def test_an_override_decides_alone_even_when_it_says_all_is_well() -> None:
    line = segments([Stretch(MAJOR, at(0)), Stretch(OK, at(10), at(20), SpanSource.OVERRIDE)])
    assert [(s.start, s.end) for s in line] == [(at(0), at(10)), (at(20), None)]


def test_trouble_reaches_what_depends_on_it_step_by_step() -> None:
    edges = [Edge(2, 1, Effect.SOFTER, at(-10)), Edge(3, 2, Effect.SOFTER, at(-10)), Edge(4, 3, Effect.SOFTER, at(-10))]
    lines = timelines([1, 2, 3, 4], {1: [Stretch(MAJOR, at(0))]}, edges)
    assert [line[0].state if line else OK for line in lines.values()] == [MAJOR, PARTIAL, DEGRADED, OK]
    assert lines[3][0].because.needs_id == 2


def test_dependency_says_nothing_of_the_time_before_it_was_known() -> None:
    lines = timelines([1, 2], {1: [Stretch(MAJOR, at(0), at(60))]}, [Edge(2, 1, Effect.SAME, at(30))])
    assert [(s.start, s.end) for s in lines[2]] == [(at(30), at(60))]


def test_what_is_not_visible_passes_nothing_on() -> None:
    edges = [Edge(2, 1, Effect.SAME, at(-10))]
    assert timelines([2], {1: [Stretch(MAJOR, at(0))]}, edges) == {2: []}


def test_a_cycle_ends() -> None:
    edges = [Edge(1, 2, Effect.SAME, at(0)), Edge(2, 1, Effect.SAME, at(0))]
    lines = timelines([1, 2], {1: [Stretch(MAJOR, at(0))]}, edges)
    assert lines[1][0].state == MAJOR


def test_planned_work_is_passed_on_only_unchanged() -> None:
    assert passed_on(WORK, Effect.SOFTER) == OK
    assert passed_on(WORK, Effect.SAME) == WORK
    assert passed_on(MAJOR, Effect.NONE) == OK


@given(stretches)
def test_segments_never_overlap_and_never_say_all_is_well(found: list[Stretch]) -> None:
    line = segments(found)
    assert all(piece.state != OK for piece in line)
    assert all(first.end is not None and first.end <= second.start for first, second in itertools.pairwise(line))


@given(stretches)
def test_adding_a_reason_never_makes_it_better(found: list[Stretch]) -> None:
    plain = [s for s in found if s.source != SpanSource.OVERRIDE]
    now = at(1100)
    days = last_days(now, ZoneInfo("UTC"), 3)
    before = uptime(fill_days(days, segments(plain), since=at(-1000), now=now), WEIGHTS)
    worse = [*plain, Stretch(MAJOR, at(5), at(50))]
    after = uptime(fill_days(days, segments(worse), since=at(-1000), now=now), WEIGHTS)
    assert before is not None and after is not None and after <= before + 1e-9


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.sampled_from(["Europe/Berlin", "America/New_York"]))
def test_days_meet_without_gap_and_observed_time_is_real_time(naive: datetime, zone: str) -> None:
    now = naive.replace(tzinfo=UTC)
    days = last_days(now, ZoneInfo(zone), 90)
    assert all(first.end == second.start for first, second in itertools.pairwise(days))
    filled = fill_days(days, [], since=days[0].start, now=now)
    assert sum(day.observed for day in filled) == pytest.approx((now - days[0].start).total_seconds())


def test_the_day_the_clock_changes_has_23_hours() -> None:
    days = last_days(datetime(2026, 3, 31, 12, tzinfo=UTC), ZoneInfo("Europe/Berlin"), 5)
    assert [(day.end - day.start).total_seconds() / 3600 for day in days[:4]] == [24, 24, 23, 24]


def test_uptime_weighs_states_and_counts_only_what_was_observed() -> None:
    now = at(600)
    days = last_days(now, ZoneInfo("UTC"), 90)
    line = segments([Stretch(MAJOR, at(0), at(60)), Stretch(PARTIAL, at(60), at(160)), Stretch(WORK, at(200), at(300))])
    filled = fill_days(days, line, since=at(-400), now=now)
    assert uptime(filled, WEIGHTS) == 1 - (60 + 0.3 * 100) / 1000
    assert uptime(fill_days(days, line, since=now, now=now), WEIGHTS) is None
