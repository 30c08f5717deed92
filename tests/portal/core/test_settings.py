"""Settings: each wrong one is refused with a sentence that names it, and the documentation is the code's."""

from pathlib import Path

import pytest

from portal.core.errors import ConfigurationError
from portal.core.settings import CONFIG_FILE, PREFIX, Settings, load_settings
from portal.operations.settings_page import effective_lines, settings_markdown
from tests.processes import portico_environment, run_portico


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [PREFIX + field.upper() for field in Settings.model_fields]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORTICO_DATA_DIR", str(tmp_path / "data"))


def test_documentation_is_current(project_root: Path) -> None:
    page = (project_root / "docs" / "settings.md").read_text()
    assert page == settings_markdown(), "run: portico settings --markdown > docs/settings.md"


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_defaults_work_and_secrets_are_made_once(tmp_path: Path) -> None:
    first, second = load_settings(), load_settings()
    assert first.uses_sqlite and first.database_url.endswith("portico.sqlite3")
    assert first.secret_key.get_secret_value() == second.secret_key.get_secret_value() != ""
    assert first.secret_key != first.audit_key
    kept = tmp_path / "data" / "secrets" / "secret_key"
    assert kept.stat().st_mode & 0o077 == 0
    assert first.secret_key.get_secret_value() not in repr(first)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORTICO_PROT", "1", "PORTICO_PROT is unknown. Did you mean PORTICO_PORT?"),
        ("PORTICO_QQQQQQQQ", "1", "PORTICO_QQQQQQQQ is unknown. See docs/settings.md"),
        ("PORTICO_PORT", "http", "PORTICO_PORT is wrong: use a whole number from 1 to 65535."),
        ("PORTICO_PORT", "70000", "PORTICO_PORT is wrong: use a whole number from 1 to 65535."),
        ("PORTICO_WEB_WORKERS", "0", "PORTICO_WEB_WORKERS is wrong: use a whole number from 1 to 64."),
        ("PORTICO_DATA_DIR", "", "PORTICO_DATA_DIR is wrong: name a folder."),
        ("PORTICO_HOST", "here and there", "PORTICO_HOST is wrong: use a host name or an address"),
        ("PORTICO_HOST", "", "PORTICO_HOST is wrong"),
        ("PORTICO_DATABASE_URL", "mysql://db/portico", "PORTICO_DATABASE_URL is wrong: use a postgresql://"),
        ("PORTICO_DATABASE_URL", "postgresql://db:many/portico", "PORTICO_DATABASE_URL is wrong: the host or the port"),
        ("PORTICO_DATABASE_URL", "postgresql:///portico?password=x", "PORTICO_DATABASE_URL is wrong: put the password"),
        ("PORTICO_REDIS_URL", "localhost:6379", "PORTICO_REDIS_URL is wrong: use a redis://"),
        ("PORTICO_BASE_URL", "portal.example", "PORTICO_BASE_URL is wrong: use an http://"),
        ("PORTICO_BASE_URL", "https://portal.example:99999", "PORTICO_BASE_URL is wrong: the host or the port"),
        ("PORTICO_BASE_URL", "https://it.example/portal", "PORTICO_BASE_URL is wrong: use the address without a path"),
        ("PORTICO_SMTP_URL", "smtp://mail.example:post", "PORTICO_SMTP_URL is wrong: the host or the port"),
        ("PORTICO_MAIL_FROM", "the IT desk", "PORTICO_MAIL_FROM is wrong: use an e-mail address such as"),
        ("PORTICO_SECRET_KEY", "short", "PORTICO_SECRET_KEY is wrong: use at least 32 characters"),
        ("PORTICO_AUDIT_KEY", "short", "PORTICO_AUDIT_KEY is wrong: use at least 32 characters"),
        ("PORTICO_WEBHOOK_ALLOWED_HOSTS", "http://hook.example", "PORTICO_WEBHOOK_ALLOWED_HOSTS is wrong: use host"),
        ("PORTICO_SEMANTIC_SEARCH", "perhaps", "PORTICO_SEMANTIC_SEARCH is wrong: use true or false."),
        ("PORTICO_SMTP_URL", "mail.example:25", "PORTICO_SMTP_URL is wrong: use an smtp://"),
        ("PORTICO_DEFAULT_LOCALE", "fr", "PORTICO_DEFAULT_LOCALE is wrong: use one of en, de."),
        ("PORTICO_DEFAULT_TIME_ZONE", "Berlin", "PORTICO_DEFAULT_TIME_ZONE is wrong: use a name such as"),
        ("PORTICO_LOG_FORMAT", "xml", "PORTICO_LOG_FORMAT is wrong: use one of json, text."),
    ],
)
def test_wrong_variable_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as refusal:
        load_settings()
    assert said in refusal.value.sentence


@pytest.mark.parametrize(
    ("field", "value", "taken"),
    [
        ("host", "::", "::"),
        (
            "database_url",
            "postgresql:///portico?host=/run/postgresql",
            "postgresql:///portico?host=/run/postgresql",
        ),
        ("base_url", "https://portal.example:8443/", "https://portal.example:8443"),
        ("mail_from", "help@portal.example", "help@portal.example"),
        ("webhook_allowed_hosts", "hook.example, 10.0.0.7, ", "hook.example, 10.0.0.7, "),
    ],
)
def test_unusual_but_right_ones_are_taken(
    monkeypatch: pytest.MonkeyPatch, field: str, value: str, taken: object
) -> None:
    monkeypatch.setenv(f"PORTICO_{field.upper()}", value)
    assert getattr(load_settings(), field) == taken


def test_refusal_does_not_repeat_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_SMTP_URL", "gopher://user:hunter2@mail.example")
    with pytest.raises(ConfigurationError) as refusal:
        load_settings()
    assert "hunter2" not in refusal.value.sentence


def test_several_wrong_ones_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_PORT", "x")
    monkeypatch.setenv("PORTICO_LOG_LEVEL", "loud")
    with pytest.raises(ConfigurationError) as refusal:
        load_settings()
    assert "PORTICO_PORT" in refusal.value.sentence and "PORTICO_LOG_LEVEL" in refusal.value.sentence


def test_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "portico.toml"
    file.write_text('port = 8080\nmail_from = "IT <it@portico.example>"\n')
    monkeypatch.setenv(CONFIG_FILE, str(file))
    monkeypatch.setenv("PORTICO_PORT", "9090")
    settings = load_settings()
    assert (settings.port, settings.mail_from) == (9090, "IT <it@portico.example>")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("port = ", f"{CONFIG_FILE} is not valid TOML"),
        ("prot = 8080", "PORTICO_PROT is unknown"),
        ("port = 0", "PORTICO_PORT is wrong"),
    ],
)
def test_wrong_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "portico.toml"
    file.write_text(content)
    monkeypatch.setenv(CONFIG_FILE, str(file))
    with pytest.raises(ConfigurationError) as refusal:
        load_settings()
    assert said in refusal.value.sentence


def test_missing_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(CONFIG_FILE, str(tmp_path / "none.toml"))
    with pytest.raises(ConfigurationError, match=r"none\.toml, which is not a file"):
        load_settings()


def test_folder_that_cannot_be_written_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PORTICO_DATA_DIR", str(tmp_path / "file" / "data"))
    with pytest.raises(ConfigurationError, match=r"cannot be written.*PORTICO_DATA_DIR"):
        load_settings()


def test_values_in_force_are_shown_without_secrets() -> None:
    settings = load_settings(
        database_url="postgresql://portico:hunter2@db/portico",
        smtp_url="smtp://u:hunter2@mail",
        metrics_token="hunter2",
    )
    lines = effective_lines(settings)
    assert "PORTICO_DATABASE_URL = postgresql://portico:(hidden)@db/portico" in lines
    assert "PORTICO_SMTP_URL = (set)" in lines
    assert "hunter2" not in "\n".join(lines)


def test_command_answers_with_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    refused = run_portico("settings", environment=portico_environment(tmp_path, prot=1))
    assert refused.returncode == 1
    assert refused.stderr.strip() == "Error: The setting PORTICO_PROT is unknown. Did you mean PORTICO_PORT?"
