"""The own profile, password and sessions."""

import sqlalchemy as sa
from flask import Flask

from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.directory import passwords
from portal.directory.models import User
from tests.client import CheckingClient
from tests.factories.directory import PASSWORD, make_user

NEW = "eleven purple clouds above"


def last_event() -> AuditEvent | None:
    return db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one_or_none()


def profile(**values: str) -> dict[str, str]:
    return {"display_name": "Kim", "locale": "de", "time_zone": "Europe/Berlin", **values}


def passwords_of(**values: str) -> dict[str, str]:
    return {"current": PASSWORD, "password": NEW, "again": NEW, **values}


def test_anonymous_is_led_to_sign_in(client: CheckingClient) -> None:
    for path in ("/account", "/account/password"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/sign-in?next={path}")
        assert client.post(path).status_code == 303


def test_profile_is_changed(client: CheckingClient) -> None:
    user = make_user(display_name="Before")
    client.sign_in(user).set_cookie("portico_locale", "en")
    assert "Before" in client.get("/account").text
    answer = client.post("/account", data=profile())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert (user.display_name, user.locale, user.time_zone) == ("Kim", "de", "Europe/Berlin")
    event = last_event()
    assert event is not None and event.action == "directory.user.changed"
    assert event.before == {"display_name": "Before", "locale": "en", "time_zone": "UTC"}
    # The language of the profile counts now, not the one picked on this device before.
    assert client.get_cookie("portico_locale") is None


def test_language_picked_here_comes_before_the_profile(client: CheckingClient) -> None:
    client.sign_in(make_user(locale="en"))
    client.get("/language/de")
    assert '<html lang="de"' in client.get("/account").text


def test_invalid_profile_changes_nothing_and_keeps_the_input(client: CheckingClient) -> None:
    user = make_user(display_name="Before")
    client.sign_in(user)
    answer = client.post("/account", data=profile(display_name="", time_zone="Mars/Olympus"))
    assert answer.status_code == 422
    assert "Enter the name others should see." in answer.text
    assert user.display_name == "Before"
    assert last_event() is None


def test_profile_fragment(client: CheckingClient) -> None:
    client.sign_in(make_user())
    answer = client.htmx("/account", method="POST", data=profile(display_name=""))
    assert answer.status_code == 422 and "<html" not in answer.text
    assert client.htmx("/account", method="POST", data=profile()).headers["HX-Redirect"] == "/account"


def test_password_is_changed_and_other_sessions_end(client: CheckingClient, app: Flask) -> None:
    user = make_user(with_password=True)
    other = app.test_client()
    assert isinstance(other, CheckingClient)
    other.sign_in(user)
    client.sign_in(user)
    assert client.post("/account/password", data=passwords_of()).status_code == 303
    assert passwords.matches(user.password_hash, NEW)
    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    event = last_event()
    assert event is not None and event.action == "directory.user.password_changed"
    assert event.after is None


def test_password_is_refused(client: CheckingClient) -> None:
    user = make_user(with_password=True, username="bartholomew")
    before = user.password_hash
    client.sign_in(user)
    for values, sentence in (
        ({"current": "wrong"}, "This is not your current password."),
        ({"again": "something else"}, "The two passwords are not the same."),
        ({"password": "short", "again": "short"}, "Use at least 12 characters."),
        ({"password": "Bartholomew99", "again": "Bartholomew99"}, "Your user name cannot be your password."),
        ({"password": "Password1234!", "again": "Password1234!"}, "Too many people use this password."),
    ):
        answer = client.post("/account/password", data=passwords_of(**values))
        assert answer.status_code == 422
        assert sentence in answer.text
    assert user.password_hash == before
    assert last_event() is None


def test_guessing_the_current_password_is_limited(client: CheckingClient) -> None:
    client.sign_in(make_user(with_password=True))
    for _ in range(20):
        client.post("/account/password", data={})
    assert client.post("/account/password", data=passwords_of()).status_code == 429


def test_whoever_must_change_the_password_does_that_first(client: CheckingClient) -> None:
    user = make_user(with_password=True, must_change_password=True)
    client.sign_in(user)
    for path in ("/account", "/notifications", "/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/account/password")
    assert client.htmx("/account").headers["HX-Redirect"] == "/account/password"
    assert "Choose a password of your own" in client.get("/account/password").text
    client.post("/account/password", data=passwords_of())
    assert client.get("/account").status_code == 200


def test_sign_out_everywhere_keeps_this_session(client: CheckingClient, app: Flask) -> None:
    user = make_user()
    other = app.test_client()
    assert isinstance(other, CheckingClient)
    other.sign_in(user)
    client.sign_in(user)
    assert client.post("/account/sign-out-everywhere").status_code == 303
    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    event = last_event()
    assert event is not None and event.action == "directory.user.signed_out_everywhere"


def test_profile_needs_its_right(client: CheckingClient) -> None:
    db.session.execute(sa.text("DELETE FROM role_permission WHERE permission = 'directory.profile.edit_own'"))
    client.sign_in(make_user())
    assert client.get("/account").status_code == 403
    assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 1
