"""`portico upgrade`: brings a database to this version, or refuses with a sentence and leaves it as it was."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from migrations import commands
from portal.core.settings import Settings, load_settings
from portal.operations import preflight
from portal.operations.preflight import PreflightFailed, check_database, make_engine, refuse_unless_current
from portal.operations.upgrading import UpgradeFailed, migrate, upgrade_database
from tests.processes import portico_environment, run_portico

FAILING = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    op.create_table("half_made", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("INSERT INTO half_made (id) VALUES (1)")
    op.execute("INSERT INTO no_such_table (id) VALUES (1)")
"""


def tables(settings: Settings) -> set[str]:
    engine = make_engine(settings)
    with engine.connect() as connection:
        return set(sa.inspect(connection).get_table_names())


def execute(settings: Settings, *statements: str) -> None:
    with make_engine(settings).begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def test_makes_an_empty_database_current_and_a_second_run_changes_nothing(empty_settings: Settings) -> None:
    said: list[str] = []
    assert upgrade_database(empty_settings, say=said.append).current is None
    assert len(said) == 1
    assert upgrade_database(empty_settings, say=said.append).is_current
    assert len(said) == 1
    refuse_unless_current(empty_settings)
    with make_engine(empty_settings).connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM role_permission")).scalar_one() > 0


def test_two_nodes_at_once_both_end_well(empty_settings: Settings) -> None:
    failures: list[Exception] = []

    def node() -> None:
        try:
            upgrade_database(empty_settings, say=lambda _: None)
        except Exception as error:  # noqa: BLE001 (the test looks at whatever it is)
            failures.append(error)

    nodes = [threading.Thread(target=node) for _ in range(2)]
    for thread in nodes:
        thread.start()
    for thread in nodes:
        thread.join(60)
    assert failures == []
    refuse_unless_current(empty_settings)


def test_an_empty_database_is_not_served(empty_settings: Settings) -> None:
    with pytest.raises(PreflightFailed, match="portico upgrade"):
        refuse_unless_current(empty_settings)


def test_refuses_a_database_from_a_newer_version(empty_settings: Settings) -> None:
    migrate(make_engine(empty_settings))
    execute(empty_settings, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(PreflightFailed, match="newer version of Portico"):
        upgrade_database(empty_settings, say=lambda _: None)
    with pytest.raises(PreflightFailed, match="newer version of Portico"):
        refuse_unless_current(empty_settings)


def test_refuses_tables_without_a_revision(empty_settings: Settings) -> None:
    execute(empty_settings, "CREATE TABLE somebody_elses (id INTEGER PRIMARY KEY)")
    with pytest.raises(PreflightFailed, match=r"somebody_elses.*belongs to something else"):
        upgrade_database(empty_settings, say=lambda _: None)
    assert tables(empty_settings) == {"somebody_elses"}


def test_refuses_a_half_finished_upgrade_of_unknown_hand(empty_settings: Settings) -> None:
    migrate(make_engine(empty_settings))
    execute(empty_settings, "DELETE FROM alembic_version")
    with pytest.raises(PreflightFailed, match="no revision"):
        upgrade_database(empty_settings, say=lambda _: None)


def test_a_failing_migration_leaves_the_database_as_it_was(
    empty_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = commands.head_revision()
    copy = tmp_path / "migrations"
    (copy / "versions").mkdir(parents=True)
    for path in [commands.FOLDER / "env.py", *sorted((commands.FOLDER / "versions").glob("*.py"))]:
        (copy / path.relative_to(commands.FOLDER)).write_text(path.read_text())
    (copy / "versions" / "9000_fail.py").write_text(FAILING.format(revision="9000", before=head))
    monkeypatch.setattr(commands, "FOLDER", copy)
    with make_engine(empty_settings).begin() as connection:
        commands.upgrade(connection, "0022")
    before = tables(empty_settings)
    with pytest.raises(UpgradeFailed, match=rf"after revision {head}.*no_such_table.*version before still runs"):
        migrate(make_engine(empty_settings))
    # Those before the failing one are undone, too: the version that was there refuses what it does not know.
    assert tables(empty_settings) == before
    assert check_database(empty_settings, make_engine(empty_settings)).current == "0022"
    monkeypatch.undo()
    migrate(make_engine(empty_settings))
    refuse_unless_current(empty_settings)


def test_what_named_no_article_is_gone_and_the_rest_stays(empty_settings: Settings) -> None:
    engine = make_engine(empty_settings)
    with engine.begin() as connection:
        commands.upgrade(connection, "0012")
    now = "'2026-03-02 09:00:00+00:00'"
    conversation = "INSERT INTO conversation (token, text, outcome, created_at, updated_at)"
    offered = 'INSERT INTO conversation_article (conversation_id, article_id, rank, "use", created_at, updated_at)'
    execute(
        empty_settings,
        f"{conversation} VALUES ('one', 'VPN', 'open', {now}, {now})",
        f"{offered} SELECT id, 4711, 1, 'shown', {now}, {now} FROM conversation",
    )
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM conversation")).scalar_one() == 1
        assert connection.execute(sa.text("SELECT count(*) FROM conversation_article")).scalar_one() == 0
    refused = f"{offered} SELECT id, 4711, 1, '{{use}}', {now}, {now} FROM conversation"
    for use in ("shown", "nonsense"):
        with pytest.raises(sa.exc.IntegrityError, match="(?i)foreign key" if use == "shown" else "(?i)check"):
            execute(empty_settings, refused.format(use=use))


def test_refuses_a_database_that_does_not_answer(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, database_url="postgresql://u:secret-word@127.0.0.1:1/none")
    with pytest.raises(PreflightFailed, match="PORTICO_DATABASE_URL") as refusal:
        check_database(settings, make_engine(settings))
    assert "secret-word" not in str(refusal.value)


def test_refuses_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(data_dir=tmp_path)
    monkeypatch.setattr(preflight, "LEAST_FREE_BYTES", 1 << 62)
    with pytest.raises(PreflightFailed, match="Make room"):
        check_database(settings, make_engine(settings))


def test_refuses_an_old_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(data_dir=tmp_path)
    monkeypatch.setattr(preflight, "LEAST_SQLITE", (99, 0))
    with pytest.raises(PreflightFailed, match="too old; Portico needs SQLite 99"):
        check_database(settings, make_engine(settings))


def test_command_checks_then_upgrades(tmp_path: Path) -> None:
    environment = portico_environment(tmp_path)
    looked = run_portico("upgrade", "--check", environment=environment)
    assert (looked.returncode, "this version needs" in looked.stderr) == (1, True)
    assert run_portico("upgrade", environment=environment).returncode == 0
    assert run_portico("upgrade", "--check", environment=environment).returncode == 0


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_serves_nothing_from_a_database_that_is_not_current(tmp_path: Path, command: str) -> None:
    refused = run_portico(command, environment=portico_environment(tmp_path, port=1))
    assert refused.returncode != 0
    assert "portico upgrade" in refused.stderr
    assert "Traceback" not in refused.stderr
