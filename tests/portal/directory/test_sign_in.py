"""Signing in with a password."""

import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from itsdangerous import TimestampSigner

from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.directory import passwords
from portal.directory.models import User
from portal.directory.services.sign_in import pause_after
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import PASSWORD, make_user

SENTENCE = "We could not sign you in with this user name and password."


def try_it(client: CheckingClient, username: str, password: str = PASSWORD, path: str = "/sign-in"):  # type: ignore[no-untyped-def]
    return client.post(path, data={"username": username, "password": password})


def is_signed_in(client: CheckingClient) -> bool:
    return client.get("/account").status_code == 200


def actions() -> list[str]:
    return [
        event.action.rpartition(".")[2] for event in db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id))
    ]


def test_page_is_open_to_anyone(client: CheckingClient) -> None:
    answer = client.get("/sign-in")
    assert answer.status_code == 200
    assert "Sign in" in answer.text
    assert "Set-Cookie" not in answer.headers or "portico=" in answer.headers["Set-Cookie"]


def test_fragment_for_htmx(client: CheckingClient) -> None:
    answer = client.htmx("/sign-in")
    assert "<html" not in answer.text and "<form" in answer.text


def test_signs_in_with_user_name_or_address(client: CheckingClient) -> None:
    user = make_user(with_password=True, username="kim", email="kim@portico.example")
    for name in ("kim", " KIM ", "kim@portico.example"):
        answer = try_it(client, name)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        assert is_signed_in(client)
        client.post("/sign-out")
        assert not is_signed_in(client)
    db.session.refresh(user)
    assert user.last_sign_in_at is not None
    assert actions() == ["signed_in", "signed_out"] * 3


def test_htmx_is_told_where_to_go(client: CheckingClient) -> None:
    make_user(with_password=True, username="kim")
    answer = client.htmx("/sign-in?next=/account", method="POST", data={"username": "kim", "password": PASSWORD})
    assert answer.status_code in (204, 303)
    assert answer.headers.get("HX-Redirect", answer.headers.get("Location")) == "/account"


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("/account?tab=1", "/account?tab=1"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_goes_on_only_within_the_portal(client: CheckingClient, wanted: str, target: str) -> None:
    make_user(with_password=True, username="kim")
    answer = client.post("/sign-in", query_string={"next": wanted}, data={"username": "kim", "password": PASSWORD})
    assert answer.headers["Location"] == target


def test_unknown_person_and_wrong_password_get_the_same_answer(client: CheckingClient) -> None:
    make_user(with_password=True, username="kim")
    make_user(with_password=True, username="gone", is_active=False)
    make_user(username="single-sign-on")
    answers = [
        try_it(client, name, password)
        for name, password in (
            ("kim", "wrong"),
            ("nobody", "wrong"),
            ("gone", PASSWORD),
            ("single-sign-on", PASSWORD),
        )
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert all(SENTENCE in answer.text for answer in answers)
    assert not is_signed_in(client)
    assert actions() == ["sign_in_failed"] * 4
    told = db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)).all()
    assert told[0].subject_label.startswith("User")
    # What was typed may be a password in the wrong field, so it is not kept.
    assert told[1].subject_label == "unknown"


def test_unknown_person_costs_the_same_work(app: Flask) -> None:
    from portal.directory.services.sign_in import check_password

    make_user(with_password=True, username="kim")
    check_password("warm-up", "x")

    def seconds(name: str) -> float:
        best = 9.0
        for _ in range(3):
            begin = time.thread_time()
            check_password(name, "wrong password")
            best = min(best, time.thread_time() - begin)
        return best

    known, unknown = seconds("kim"), seconds("nobody")
    assert 0.5 < known / unknown < 2


def test_input_is_kept_and_password_is_not(client: CheckingClient) -> None:
    answer = try_it(client, "kim", "")
    assert answer.status_code == 422
    assert 'value="kim"' in answer.text
    assert "Enter your password." in answer.text
    assert actions() == []
    assert "my secret text" not in try_it(client, "kim", "my secret text").text


def test_five_failures_pause_the_account(client: CheckingClient, clock: HeldClock) -> None:
    user = make_user(with_password=True, username="kim")
    for _ in range(5):
        assert try_it(client, "kim", "wrong").status_code == 422
    assert SENTENCE in try_it(client, "kim").text
    db.session.refresh(user)
    assert user.locked_until == clock.now() + timedelta(minutes=15)
    assert actions() == ["sign_in_failed"] * 5 + ["locked_out", "sign_in_failed"]
    clock.forward(minutes=15, seconds=1)
    assert try_it(client, "kim").status_code == 303
    db.session.refresh(user)
    assert user.failed_sign_ins == 0
    assert user.locked_until is None


def test_pause_grows() -> None:
    minutes = [pause.total_seconds() / 60 for n in range(60) if (pause := pause_after(n))]
    assert minutes[:4] == [15, 30, 60, 120]
    assert max(minutes) == 24 * 60
    assert [pause_after(n) for n in (0, 1, 4, 6)] == [None] * 4


def test_many_failures_from_one_address_are_limited(client: CheckingClient) -> None:
    for number in range(30):
        assert try_it(client, f"nobody{number}", "").status_code == 422
    answer = try_it(client, "somebody", "")
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers


def test_many_failures_for_one_name_are_limited(client: CheckingClient) -> None:
    for number in range(20):
        client.post("/sign-in", data={"username": "kim"}, environ_base={"REMOTE_ADDR": f"10.0.0.{number}"})
    answer = client.post("/sign-in", data={"username": "KIM "}, environ_base={"REMOTE_ADDR": "10.0.0.99"})
    assert answer.status_code == 429
    assert "You can try again in 15 minutes." in answer.text


def test_session_from_before_does_not_live_on(client: CheckingClient) -> None:
    make_user(with_password=True, username="kim")
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    try_it(client, "kim")
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["_user_id"]


def test_idle_session_ends(client: CheckingClient, app: Flask) -> None:
    user = make_user(with_password=True, username="kim")
    answer = try_it(client, "kim")
    assert any("Max-Age=43200" in cookie or "Expires=" in cookie for cookie in answer.headers.getlist("Set-Cookie"))
    interface = app.session_interface
    signer = interface.get_signing_serializer(app)  # type: ignore[attr-defined]

    def cookie_from(hours_ago: float) -> str:
        class Earlier(TimestampSigner):
            def get_timestamp(self) -> int:
                return int(time.time() - hours_ago * 3600)

        signer.signer = Earlier
        return str(signer.dumps({"_user_id": user.get_id(), "_fresh": True, "_permanent": True}))

    for hours_ago, status in ((11, 200), (13, 303)):
        other = app.test_client()
        other.set_cookie("portico", cookie_from(hours_ago))
        assert other.get("/account").status_code == status


def test_deactivated_person_is_out_at_once(client: CheckingClient) -> None:
    user = make_user()
    client.sign_in(user)
    assert is_signed_in(client)
    user.is_active = False
    assert not is_signed_in(client)


def test_outdated_hash_is_renewed(client: CheckingClient) -> None:
    from argon2 import PasswordHasher

    user = make_user(username="kim")
    user.password_hash = weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    try_it(client, "kim")
    db.session.refresh(user)
    assert user.password_hash not in (None, weak)
    assert passwords.matches(user.password_hash, PASSWORD)


def test_hash_is_argon2id() -> None:
    assert passwords.hash_password("x").startswith("$argon2id$")


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "Password1234!",
        "passwordpassword",
        "aaaaaaaaaaaaaaaa",
        "1234567890123",
        "Christopher1!!",
        "x" * 201,
        "letmeinplease!",
    ],
)
def test_weak_passwords_are_refused(app: Flask, password: str) -> None:
    with app.test_request_context(), pytest.raises(passwords.PasswordRefused):
        passwords.choose(password, username="christopher")


def test_loading_the_person_is_one_query(client: CheckingClient) -> None:
    from portal.core.web.remembering import position_of_request
    from portal.directory.session import load_user
    from tests.client import count_queries

    user = make_user("agent")
    identity = user.get_id()
    db.session.expire_all()
    with client.application.test_request_context():
        with count_queries() as counted:
            assert load_user(identity) is user
            position_of_request()
        assert len(counted) == 1
        assert load_user(f"{user.id}.99") is None
        assert load_user("nonsense") is None
    assert isinstance(user, User)
