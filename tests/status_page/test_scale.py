"""Large pages stay small on the wire, and take the same number of queries as small ones."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from portal.core.db import db
from status_page.enums import ComponentState, SpanSource
from status_page.models import Component, Span
from status_page.models.components import ComponentAudience
from status_page.services.components import set_own_state
from status_page.snapshot import write_when_stale
from tests.client import count_queries
from tests.clock import HeldClock
from tests.factories.status_page import MAJOR, make_component

BUDGET = 100 * 1024


def add_many(count: int) -> None:
    model = make_component("Service of the first department")
    names = [column.key for column in sa.inspect(Component).column_attrs if column.key != "id"]
    values: dict[str, Any] = {name: getattr(model, name) for name in names}
    rows = [
        values
        | {
            "name": f"Service {n} of department {n % 17}",
            "key": f"service-{n}",
            "public_id": f"c{n:011}",
            "position": n,
        }
        for n in range(1, count)
    ]
    if rows:
        db.session.execute(sa.insert(Component), rows)
    ids = db.session.scalars(sa.select(Component.id).where(Component.id != model.id)).all()
    db.session.execute(sa.insert(ComponentAudience), [{"component_id": number, "token": "public"} for number in ids])
    db.session.commit()


def written_queries() -> int:
    set_own_state(db.session.scalars(sa.select(Component).order_by(Component.id)).first(), MAJOR, actor=None)  # type: ignore[arg-type]
    db.session.commit()
    db.session.expunge_all()
    with count_queries() as counted:
        assert write_when_stale()
    return len(counted)


def packed_page(site: Path) -> int:
    return sum(
        (site / "current" / name).stat().st_size for name in ("en/index.html.gz", "status.css.gz", "status.js.gz")
    )


def test_five_hundred_components_take_no_more_queries_and_little_room(app: Flask, site_folder: Path) -> None:
    add_many(3)
    few = written_queries()
    for table in (Span, ComponentAudience, Component):
        db.session.execute(sa.delete(table))
    db.session.commit()
    add_many(500)
    # What belongs to them is read for five hundred at a time.
    assert written_queries() <= few + 2
    assert packed_page(site_folder) < BUDGET


def test_eighty_components_in_trouble_every_day_stay_below_the_budget(
    app: Flask, site_folder: Path, clock: HeldClock
) -> None:
    add_many(80)
    began = clock.now() - timedelta(days=95)
    db.session.execute(sa.update(Component).values(observed_since=began))
    states = (ComponentState.DEGRADED, ComponentState.PARTIAL, ComponentState.MAJOR)
    rows = [
        {
            "component_id": number,
            "state": states[(number + day) % 3],
            "started_at": began + timedelta(days=day, minutes=number),
            "ended_at": began + timedelta(days=day, minutes=number * 3 + day + 1),
            "source": SpanSource.OWN,
            "reason": "",
        }
        for number in db.session.scalars(sa.select(Component.id))
        for day in range(94)
    ]
    db.session.execute(sa.insert(Span), rows)
    db.session.commit()
    assert write_when_stale()
    assert (site_folder / "current/en/index.html").read_text().count("<title>") > 80 * 80
    assert packed_page(site_folder) < BUDGET
