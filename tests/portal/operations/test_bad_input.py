"""What goes wrong for owners, through the real commands: a clear sentence, no traceback, and nothing half-written."""

import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from portal.core.settings import load_settings
from portal.operations.preflight import make_engine
from tests.client import CheckingClient
from tests.factories.knowledge import make_article
from tests.processes import free_port, portico_environment, run_portico

LARGEST = 5 * 1024 * 1024
STARTING = (["run"], ["upgrade"], ["serve"], ["worker"])


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a refused command said, all on one line as the reader takes it."""
    assert done.returncode != 0
    assert "Traceback" not in done.stderr + done.stdout
    return " ".join((done.stderr + done.stdout).split())


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as the command makes it, once for all: making one takes seconds."""
    folder = tmp_path_factory.mktemp("made")
    done = run_portico("upgrade", "--quiet", environment=portico_environment(folder))
    assert done.returncode == 0, done.stderr
    return folder


def copied(made: Path, folder: Path) -> dict[str, str]:
    shutil.copytree(made, folder, dirs_exist_ok=True)
    return portico_environment(folder, port=free_port())


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with make_engine(load_settings(data_dir=folder)).connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def change(folder: Path, statement: str) -> None:
    with make_engine(load_settings(data_dir=folder)).begin() as connection:
        connection.execute(sa.text(statement))


@pytest.mark.parametrize("command", STARTING, ids=lambda command: command[0])
def test_an_unknown_setting_is_named(tmp_path: Path, command: list[str]) -> None:
    folder = tmp_path / "data"
    assert "PORTICO_PROT" in said(run_portico(*command, environment=portico_environment(folder, prot=1)))
    assert not folder.exists()


@pytest.mark.parametrize("command", STARTING, ids=lambda command: command[0])
def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "file").write_text("not a folder")
    words = said(run_portico(*command, environment=portico_environment(tmp_path / "file" / "data")))
    assert "PORTICO_DATA_DIR" in words and str(tmp_path / "file" / "data") in words


@pytest.mark.parametrize("command", STARTING, ids=lambda command: command[0])
def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path, made: Path, command: list[str]) -> None:
    environment = copied(made, tmp_path)
    change(tmp_path, "UPDATE alembic_version SET version_num = '9999'")
    assert "newer version of Portico" in said(run_portico(*command, environment=environment))
    assert rows(tmp_path, "SELECT version_num FROM alembic_version") == [("9999",)]


@pytest.mark.parametrize("command", STARTING, ids=lambda command: command[0])
def test_a_half_finished_migration_of_another_hand_is_left_alone(
    tmp_path: Path, made: Path, command: list[str]
) -> None:
    environment = copied(made, tmp_path)
    change(tmp_path, "DELETE FROM alembic_version")
    assert "no revision" in said(run_portico(*command, environment=environment))
    assert rows(tmp_path, "SELECT version_num FROM alembic_version") == []


@pytest.mark.parametrize("name", ["empty", "missing", "file.md"])
def test_a_folder_without_articles_is_told(tmp_path: Path, made: Path, name: str) -> None:
    environment = copied(made, tmp_path / "data")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.md").write_text("# An article\n\nText")
    words = said(run_portico("import-articles", str(tmp_path / name), environment=environment))
    assert str(tmp_path / name) in words
    assert rows(tmp_path / "data", "SELECT id FROM article") == []


def test_files_that_are_no_articles_are_refused_one_by_one_and_the_rest_comes_in(tmp_path: Path, made: Path) -> None:
    environment, shelf = copied(made, tmp_path / "data"), tmp_path / "articles"
    shelf.mkdir()
    (shelf / "good.md").write_text("---\ntitle: Good\n---\n\nText")
    (shelf / "broken.md").write_text("---\ntitle: [unclosed\n---\n\nText")
    (shelf / "latin.md").write_bytes("# Grüße\n\nText".encode("latin-1"))
    (shelf / "empty.md").write_text("")
    (shelf / "huge.md").write_text("# Huge\n\n" + "word " * (LARGEST // 5))
    (shelf / "script.md").write_text("# Script\n\n<script>alert(1)</script>\n\nText")
    done = run_portico("import-articles", str(shelf), environment=environment)
    text = " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in text
    assert done.returncode == 1
    assert "6 files: 2 new, 0 changed, 0 unchanged, 4 refused." in text
    for name, reason in (
        ("broken.md", "front matter"),
        ("latin.md", "UTF-8"),
        ("empty.md", "empty"),
        ("huge.md", "larger than 1024 kB"),
    ):
        assert name in text and reason in text, text
    titles = rows(tmp_path / "data", "SELECT v.title FROM article a JOIN article_version v ON v.article_id = a.id")
    assert sorted(titles) == [("Good",), ("Script",)]


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>Text",
        '<img src=x onerror="alert(1)">Text',
        "[Text](javascript:alert(1))",
        "<svg><script>alert(1)</script></svg>Text",
        '<a href="data:text/html,<script>alert(1)</script>">Text</a>',
    ],
)
def test_script_in_an_article_does_not_reach_the_page(client: CheckingClient, body: str) -> None:
    article = make_article("Script", body=body)
    page = client.get(f"/articles/{article.id}/script")
    assert page.status_code == 200 and "Text" in page.text
    for harm in ("<script>alert", "<img src=x onerror", 'href="javascript:', 'href="data:', "<svg><script"):
        assert harm not in page.text
