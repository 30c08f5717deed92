"""Many changes at once ask for the delivery: two threads deliver, and nothing that is asked for meanwhile is forgotten."""

from functools import partial
from threading import Event, Thread

import pytest

from portal.core.outbox import tasks
from tests.processes import wait_until


def test_two_deliver_and_come_back_to_what_was_asked_for_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = Event()
    begun: list[int] = []

    def deliver() -> None:
        begun.append(1)
        go_on.wait(30)

    monkeypatch.setattr(tasks, "_deliver", deliver)
    threads = [Thread(target=tasks.deliver_due.run) for _ in range(2)]
    for number, thread in enumerate(threads, 1):
        thread.start()
        wait_until(partial(_has, begun, number), what="one slow delivery does not hold up the next")
    # Both are at work: this one leaves its mark and is free again.
    tasks.deliver_due.run()
    assert len(begun) == 2
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert len(begun) == 3


def _has(begun: list[int], number: int) -> bool:
    return len(begun) == number
