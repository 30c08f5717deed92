"""Rules of the house that no single test can see."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from migrations.commands import config_for
from migrations.metadata import metadata
from migrations.revisions import known_revisions, newest_revision
from portal.app import FEATURES
from portal.core.auth import permission_of
from portal.core.db import UTCDateTime, db
from portal.core.feature import all_permissions

PACKAGES = ("portal", "knowledge", "triage", "catalog", "status_page")
SAFE = {"GET", "HEAD", "OPTIONS"}
# Open to anyone, each on purpose.
PUBLIC = {
    "assistant.ask",
    "assistant.ask_again",
    "assistant.begin",
    "assistant.conversation",
    "assistant.judge",
    "design.index",
    "design.theme",
    "directory.sign_in",
    "directory.sign_in_first",
    "directory.sign_out",
    "directory.try_sign_in",
    "health.alive",
    "health.metrics",
    "health.ready",
    "home.about",
    "home.index",
    "home.language",
    "home.search",
    "home.suggest",
    "knowledge.article",
    "knowledge.article_as_pdf",
    "knowledge.browse",
    "knowledge.feed",
    "knowledge.feedback",
    "knowledge.file",
    "knowledge.give_feedback",
    "knowledge.known_errors",
    "knowledge.leave",
    "knowledge.leave_subscription",
    "knowledge.section",
    "status_page.api_document",
    "status_page.api_open_incident",
    "status_page.api_set_component",
    "status_page.api_update_incident",
    "status_page.file",
    "status_page.ask_leave",
    "status_page.ask_to_subscribe",
    "status_page.asked",
    "status_page.change_subscription",
    "status_page.confirm",
    "status_page.index",
    "status_page.leave",
    "status_page.leave_at_once",
    "status_page.left",
    "status_page.resume_subscription",
    "status_page.say_yes",
    "status_page.subscribe",
    "status_page.subscription",
}


def test_every_endpoint_has_a_permission_or_is_public_on_purpose(base_app: Flask) -> None:
    public = {
        endpoint
        for endpoint, view in base_app.view_functions.items()
        if endpoint != "static" and permission_of(view) is None
    }
    assert public == PUBLIC


def test_get_never_commits_and_everything_else_always_does(base_app: Flask) -> None:
    for rule in base_app.url_map.iter_rules():
        commits = getattr(base_app.view_functions[rule.endpoint], "portico_commits", False)
        methods = (rule.methods or set()) - SAFE
        assert commits == bool(methods), f"{rule.endpoint} {sorted(rule.methods or ())}"
        assert not (methods and "GET" in (rule.methods or set())), f"{rule.endpoint}: GET and POST are two handlers"


@pytest.mark.parametrize("package", PACKAGES)
def test_worker_knows_every_job_from_its_start(project_root: Path, package: str) -> None:
    """A feature imports its tasks; a job declared later is unknown to the worker, and its schedule never runs."""
    program = "import sys, portal.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    for path in (project_root / package).rglob("tasks.py"):
        assert ".".join(path.relative_to(project_root).with_suffix("").parts) in loaded


def test_there_is_one_migration_head() -> None:
    assert len(ScriptDirectory.from_config(config_for()).get_heads()) == 1


def test_migration_files_are_named_by_their_revision() -> None:
    """Processes that never migrate read the revisions from the names."""
    assert known_revisions() == {
        script.revision for script in ScriptDirectory.from_config(config_for()).walk_revisions()
    }
    assert newest_revision() == ScriptDirectory.from_config(config_for()).get_current_head()


def test_models_and_migrations_agree(app: Flask) -> None:
    connection = db.session.connection()

    def same_type(context: object, inspected: object, column: object, found: object, wanted: object) -> bool | None:
        return False if isinstance(wanted, UTCDateTime) and isinstance(found, sa.DateTime) else None

    context = MigrationContext.configure(connection, opts={"compare_type": same_type})
    assert compare_metadata(context, metadata) == []


def test_permissions_and_events_are_named_alike_and_once() -> None:
    names = [str(permission) for permission in all_permissions(FEATURES)]
    names += [str(event) for feature in FEATURES if feature.events for event in feature.events]
    assert len(names) == len(set(names))
    assert [name for name in names if name.count(".") != 2] == []


def test_every_granted_permission_belongs_to_its_feature() -> None:
    for feature in FEATURES:
        own = set(feature.permissions or ())
        assert {permission for grants in feature.grants.values() for permission in grants} <= own, feature.name


@pytest.mark.parametrize("package", PACKAGES)
def test_no_file_is_a_junk_drawer(project_root: Path, package: str) -> None:
    names = {path.stem for path in (project_root / package).rglob("*.py")}
    assert not names & {"utils", "util", "helpers", "misc", "common"}


@pytest.mark.parametrize("package", PACKAGES)
def test_only_the_edge_commits(project_root: Path, package: str) -> None:
    """Services change state and never commit: requests, commands and jobs do, each at one place."""
    for path in (project_root / package).rglob("*.py"):
        # The search engine is a library that knows no database; what it commits is its own index.
        if path.name in ("responses.py", "db.py") or "search" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr == "commit":
                pytest.fail(f"{path.relative_to(project_root)}:{node.lineno} commits; use @commits or unit_of_work()")
