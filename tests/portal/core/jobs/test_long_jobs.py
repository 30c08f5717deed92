"""Long jobs leave room for what somebody waits for, and none of them is lost or runs twice at once."""

from threading import Event, Thread

import pytest
from flask import Flask

from portal.core.jobs import Job, long_jobs, queue_of, within_app
from portal.core.jobs.long_jobs import LongJobs


def test_as_many_as_leave_one_thread_free() -> None:
    jobs = LongJobs(threads=3)
    assert jobs.enter(("index", ()))
    assert not jobs.enter(("index", ()))
    assert jobs.enter(("import", (7,)))
    assert not jobs.enter(("import", (8,)))
    jobs.leave(("index", ()))
    assert jobs.enter(("import", (8,)))


def test_one_runs_even_where_there_is_one_thread() -> None:
    assert LongJobs(threads=1).enter(("index", ()))


def test_what_waits_is_queued_once() -> None:
    jobs = LongJobs(threads=2)
    assert jobs.enter(("index", ()))
    assert jobs.postpone(("index", ()))
    assert not jobs.postpone(("index", ()))
    assert not jobs.enter(("index", ()))
    assert not jobs.postpone(("index", ()))
    assert jobs.postpone(("import", (7,)))


def test_what_came_up_again_may_wait_again(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs, now = LongJobs(threads=2), 100.0
    monkeypatch.setattr(long_jobs, "monotonic", lambda: now)
    assert jobs.postpone(("index", ()))
    now += long_jobs.AGAIN_SECONDS
    assert jobs.postpone(("index", ()))


def test_a_second_one_is_put_back_into_the_queue_and_runs_later(app: Flask) -> None:
    begun, may_end = Event(), Event()
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        begun.set()
        assert may_end.wait(30)

    run = within_app(app, Job("knowledge.index_changes", work, long=True))
    queue = queue_of(app)
    queue.storage.flush_queue()
    first = Thread(target=run)
    first.start()
    assert begun.wait(30)
    run()
    run()
    assert len(runs) == 1
    assert queue.pending_count() == 1
    may_end.set()
    first.join(30)
    run()
    assert len(runs) == 2
    queue.storage.flush_queue()
