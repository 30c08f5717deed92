"""Fixtures for every test: an application on each engine, one rolled-back transaction a test, a checking client."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Blueprint, Flask
from hypothesis import settings

from migrations import commands
from portal.app import FEATURES, create_app
from portal.core import gathering
from portal.core.db import db, unit_of_work
from portal.core.settings import load_settings
from portal.core.web.finished_pages import finished_pages
from portal.core.web.remembering import MEMORIES
from portal.core.web.security import limiter
from portal.directory.roles import apply_builtin_roles
from status_page.serving import Library
from status_page.snapshot import folder, signing_key
from tests.client import CheckingClient, watch_uncommitted
from tests.clock import HeldClock, hold_clock
from tests.postgresql import postgresql_url

ENGINES = ("sqlite", "postgresql")

# A change must not fail because of a case that chance brings up in somebody else's part; whoever works on a part runs
# its properties with fresh cases.
# How long one case takes says more about the machine than about the code.
settings.register_profile("own", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "own")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engines",
        default="sqlite",
        help="comma-separated: sqlite, postgresql; `make test` runs both (default: sqlite)",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine_name" in metafunc.fixturenames:
        engines = metafunc.config.getoption("engines").split(",")
        metafunc.parametrize("engine_name", engines, scope="session")


@pytest.fixture(scope="session")
def base_app(engine_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application on a database whose tables the migrations made; shared, because tests roll back."""
    app = build_app(engine_name, tmp_path_factory.mktemp("data"))
    yield app
    with app.app_context():
        db.engine.dispose()


def build_app(engine_name: str, data_dir: Path, *blueprints: Blueprint) -> Flask:
    """Make an application on a new database, with routes of a test's own if it brings some."""
    chosen = load_settings(
        data_dir=data_dir,
        database_url=postgresql_url("portico_test") if engine_name == "postgresql" else "",
        secret_key="test-secret-key-of-32-characters",
        audit_key="test-audit-key-of-32-characters.",
        base_url="http://localhost",
        log_format="text",
        # Opening the model takes a second; the tests that are about meaning switch it on.
        semantic_search=False,
    )
    app = create_app(chosen, testing=True)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app.test_client_class = CheckingClient
    watch_uncommitted(app)
    with app.app_context():
        with db.engine.begin() as connection:
            commands.upgrade(connection)
        with unit_of_work():
            apply_builtin_roles(FEATURES)
    return app


@pytest.fixture(scope="module")
def busy_app(engine_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application whose transactions are real ones, for a module where several act at once."""
    app = build_app(engine_name, tmp_path_factory.mktemp("busy"))
    yield app
    with app.app_context():
        db.engine.dispose()


@contextmanager
def one_transaction() -> Iterator[None]:
    """Let every session join one transaction as a savepoint, and undo the whole at the end."""
    sessions = db.sessionmaker.kw
    with db.engine.connect() as connection:
        outer = connection.begin()
        kept = dict(sessions)
        db.sessionmaker.configure(bind=connection, join_transaction_mode="create_savepoint")
        try:
            yield
        finally:
            db.session.close()
            sessions.clear()
            sessions.update(kept)
            outer.rollback()


def empty_index(app: Flask) -> None:
    """Take out of the search index what a test put there: it lies outside the transaction that is rolled back."""
    index = app.extensions.get("knowledge_search_index")
    if index is not None and index.engine.snapshot().row_of:
        index.rebuild(())


@pytest.fixture
def app(base_app: Flask) -> Iterator[Flask]:
    """The application inside a transaction that is rolled back after the test."""
    with base_app.app_context(), one_transaction():
        yield base_app
        base_app.extensions["portico_queue"].flush()
        limiter.reset()
        empty_index(base_app)
        forgotten_things = (MEMORIES, "portico_popular_searches", "portico_asked_for_mending", gathering.EXTENSION)
        for forgotten in forgotten_things:
            base_app.extensions.pop(forgotten, None)


@pytest.fixture
def site_folder(app: Flask) -> Iterator[Path]:
    """The folder of the finished pages, empty before and after."""
    path = folder()
    shutil.rmtree(path, ignore_errors=True)
    yield path
    shutil.rmtree(path, ignore_errors=True)
    # The application keeps what it has read when the folder is lost; the next test must not see it.
    vars(finished_pages(app)).update(vars(Library(path, signing_key())))


@pytest.fixture
def client(app: Flask) -> CheckingClient:
    client = app.test_client()
    assert isinstance(client, CheckingClient)
    return client


@pytest.fixture
def clock() -> Iterator[HeldClock]:
    """A clock that stands still at a Monday morning until the test moves it."""
    with hold_clock() as held:
        yield held


@pytest.fixture(scope="session")
def project_root() -> Path:
    return Path(__file__).parent.parent
