"""A view may keep what its refusal recorded, and nothing beyond."""

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.db import db
from portal.core.web import commits
from portal.directory.models import Team


def names() -> list[str]:
    return list(db.session.scalars(sa.select(Team.name).order_by(Team.name)))


def add_team(name: str) -> None:
    db.session.add(Team(key=name, name=name))
    db.session.flush()


@pytest.mark.parametrize(("status", "kept"), [(200, True), (422, True), (409, False), (500, False)])
def test_a_view_may_keep_what_its_refusal_recorded(app: Flask, status: int, kept: bool) -> None:
    @commits(also_on={422})
    def view() -> tuple[str, int]:
        add_team("new")
        return "", status

    assert view.portico_commits  # type: ignore[attr-defined]
    with app.test_request_context():
        view()
    assert names() == (["new"] if kept else [])


def test_an_exception_rolls_back(app: Flask) -> None:
    @commits(also_on={422})
    def view() -> str:
        add_team("new")
        raise ValueError

    with app.test_request_context(), pytest.raises(ValueError):
        view()
    assert names() == []
