"""The demo organisation loads whole, and shows every part of the main job."""

from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from flask import Flask

from knowledge.api import suggest_articles
from portal.core.audit.services import verify
from portal.core.db import db
from portal.demo.load import ACCOUNTS, FOLDER, load_demo
from portal.directory.models import Role, RoleAssignment, Service, User
from tests.conftest import build_app
from triage.tickets.api import Ticket, TicketState


@pytest.fixture(scope="module")
def demo_app(engine_name: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application with the demo organisation; loading commits, so it has a database of its own."""
    app = build_app(engine_name, tmp_path_factory.mktemp("demo"))
    with app.app_context():
        load_demo()
    return app


def test_everybody_and_everything_is_there(demo_app: Flask) -> None:
    with demo_app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Service.id))) == 13
        assert db.session.scalar(sa.select(sa.func.count(Ticket.id))) == 14
        names = set(db.session.scalars(sa.select(User.username)))
    assert {name for name, _ in ACCOUNTS} <= names


def test_every_role_is_held_by_somebody(demo_app: Flask) -> None:
    with demo_app.app_context():
        held = set(db.session.scalars(sa.select(Role.key).join(RoleAssignment)))
        existing = set(db.session.scalars(sa.select(Role.key).where(Role.is_default.is_(False))))
    assert held == existing


def test_tickets_stand_where_their_story_ends(demo_app: Flask) -> None:
    with demo_app.app_context():
        query = sa.select(Ticket.state, sa.func.count()).group_by(Ticket.state)
        counts = dict(db.session.execute(query).all())
    assert counts == {
        TicketState.NEW: 3,
        TicketState.OPEN: 4,
        TicketState.ON_HOLD: 3,
        TicketState.RESOLVED: 2,
        TicketState.CLOSED: 2,
    }


def test_articles_are_found_before_the_worker_has_started(demo_app: Flask) -> None:
    with demo_app.test_request_context():
        found = suggest_articles("outlook keeps asking for my password", tokens={"public", "signed-in"})
    assert "password" in found[0].title.lower()


def test_the_audit_trail_of_the_loading_holds(demo_app: Flask) -> None:
    with demo_app.app_context():
        count, found = verify()
    assert found is None
    assert count > 100


def test_pictures_and_links_of_the_articles_exist() -> None:
    articles = sorted((FOLDER / "articles").rglob("*.md"))
    assert len(articles) == 40
    for path in articles:
        front = yaml.safe_load(path.read_text("utf-8").split("---\n")[1])
        assert {"title", "summary", "type", "section", "audience", "owner_team"} <= set(front), path


def test_pictures_are_small() -> None:
    assert all(path.stat().st_size < 60_000 for path in Path(FOLDER).rglob("*.png"))
