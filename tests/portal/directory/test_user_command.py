"""``portico user``."""

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from portal.cli import portico
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.directory import passwords
from portal.directory.api import find_user
from portal.directory.models import User
from tests.factories.directory import make_team, make_user

SECRET = "eleven purple clouds above"


class Commands:
    """Runs ``portico`` with the application of the test."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def __call__(self, *arguments: str, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(
            portico, list(arguments), obj=ScriptInfo(create_app=lambda: self.app), input=stdin, catch_exceptions=False
        )
        db.session.expire_all()
        return result


@pytest.fixture
def run(app: Flask) -> Commands:
    return Commands(app)


def found(username: str) -> User:
    user = find_user(username)
    assert user is not None
    return user


def actions() -> list[str]:
    return [event.action for event in db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id))]


CREATE = ("user", "create", "Ada", "--email", "Ada@portico.example", "--name", "Ada L.", "--password-stdin")


def test_first_administrator(run: Commands) -> None:
    result = run(*CREATE, "--role", "administrator", stdin=SECRET + "\n")
    assert (result.exit_code, result.output) == (0, "The account ada is ready.\n")
    user = found("ada")
    assert (user.email, user.display_name, user.must_change_password) == ("ada@portico.example", "Ada L.", False)
    assert passwords.matches(user.password_hash, SECRET)
    assert [item.role.key for item in user.assignments] == ["administrator"]
    assert actions() == ["directory.user.created", "directory.role.granted"]
    event = db.session.scalars(sa.select(AuditEvent)).first()
    assert event is not None
    assert (event.actor_name, event.address) == ("system", "command line")
    assert SECRET not in str(event.after)


def test_agent_of_a_team(run: Commands) -> None:
    team = make_team(key="network")
    result = run(*CREATE, "--role", "agent", "--team", "network", "--tier", "2", "--must-change", stdin=SECRET)
    assert result.exit_code == 0
    user = found("ada")
    assert user.must_change_password
    assert [(item.role.key, item.team_id) for item in user.assignments] == [("agent", team.id)]
    assert [(item.team_id, item.tier) for item in user.memberships] == [(team.id, 2)]


@pytest.mark.parametrize(
    ("more", "stdin", "sentence"),
    [
        (["--role", "king"], SECRET, "There is no role king."),
        (["--team", "moon"], SECRET, "There is no team moon."),
        (["--tier", "1"], SECRET, "A support tier belongs to a team."),
        (["--role", "end_user"], SECRET, "Everyone has the role"),
        (["--locale", "xx"], SECRET, "Choose one of the languages."),
        (["--time-zone", "Mars/Olympus"], SECRET, "Choose one of the time zones."),
        ([], "short", "Use at least 12 characters."),
    ],
)
def test_refusal_is_a_sentence_and_leaves_nothing(run: Commands, more: list[str], stdin: str, sentence: str) -> None:
    result = run(*CREATE, *more, stdin=stdin)
    assert result.exit_code == 1
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert find_user("ada") is None
    assert actions() == []


def test_taken_name_and_address(run: Commands) -> None:
    make_user(username="ada", email="other@portico.example")
    assert "Somebody has this user name already." in run(*CREATE, stdin=SECRET).output
    make_user(username="someone", email="ada@portico.example")
    result = run(
        "user", "create", "new", "--email", "ada@portico.example", "--name", "N", "--password-stdin", stdin=SECRET
    )
    assert (result.exit_code, "Another account uses this address." in result.output) == (1, True)
    result = run(
        "user", "create", "bad name", "--email", "b@portico.example", "--name", "N", "--password-stdin", stdin=SECRET
    )
    assert "begin with a letter or digit" in result.output


def test_password_is_asked_twice(run: Commands) -> None:
    result = run(*CREATE[:-1], stdin=f"{SECRET}\n{SECRET}\n")
    assert result.exit_code == 0
    assert SECRET not in result.output


def test_list(run: Commands) -> None:
    make_user(username="ada", display_name="Ada L.")
    make_user(username="bo", is_active=False)
    lines = run("user", "list").output.splitlines()
    assert lines[0].split("\t") == ["ada", "open", "ada@portico.example", "Ada L."]
    assert lines[1].split("\t")[:2] == ["bo", "closed"]


def test_unlock_set_password_and_deactivate(run: Commands) -> None:
    user = make_user(username="ada", failed_sign_ins=5)
    assert run("user", "unlock", "ada").exit_code == 0
    assert user.failed_sign_ins == 0
    result = run("user", "set-password", "ada", "--password-stdin", "--must-change", stdin=SECRET)
    assert result.exit_code == 0
    assert passwords.matches(user.password_hash, SECRET) and user.must_change_password
    assert run("user", "deactivate", "ada", "--reason", "Left").exit_code == 0
    assert not user.is_active
    assert actions() == [f"directory.user.{name}" for name in ("unlocked", "password_set", "deactivated")]


def test_last_administrator_stays(run: Commands) -> None:
    user = make_user("administrator", username="ada")
    result = run("user", "deactivate", "ada")
    assert result.exit_code == 1
    assert "Nobody would be left who can give rights." in result.output
    assert user.is_active


def test_unknown_person(run: Commands) -> None:
    for command in (["unlock"], ["deactivate"], ["set-password", "--password-stdin"]):
        result = run("user", *command, "nobody", stdin=SECRET)
        assert (result.exit_code, "There is no account nobody." in result.output) == (1, True)


def test_help_shows_examples(run: Commands) -> None:
    for command in ("create", "list", "unlock", "set-password", "deactivate"):
        output = run("user", command, "--help").output
        assert f"portico user {command}" in output.partition("Usage:")[2].partition("\n")[2]
