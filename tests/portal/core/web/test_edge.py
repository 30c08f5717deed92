"""The edge: headers, CSRF, commits, error pages and fragments, on an application with a few routes of the tests."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue

from portal.core.audit.models import AuditEvent
from portal.core.audit.services import record
from portal.core.auth import public, refuse_unmarked_endpoints
from portal.core.db import db
from portal.core.errors import Conflict, Refused
from portal.core.web import commits
from portal.directory.enums import Event
from portal.directory.models import User
from tests.client import CheckingClient
from tests.conftest import build_app, one_transaction
from tests.factories.directory import make_user

bp = Blueprint("edge", __name__)


def rename(name: str) -> None:
    user = db.session.scalars(sa.select(User)).one()
    user.display_name = name
    record(Event.USER_CHANGED, user, actor=None)


@bp.post("/edge/<answer>")
@public
@commits
def change(answer: str) -> ResponseReturnValue:
    rename("Changed")
    match answer:
        case "well":
            return "done"
        case "invalid":
            return "<p>again</p>", 422
        case "refused":
            raise Refused("The shop is closed.")
        case "conflict":
            raise Conflict("Somebody else was first.")
        case "stale":
            db.session.execute(sa.insert(User).values(username="a", email="a@x", display_name="A"))
            db.session.execute(sa.insert(User).values(username="a", email="b@x", display_name="B"))
            return "never"
        case _:
            raise ZeroDivisionError


@pytest.fixture(scope="module")
def edge_app(engine_name: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    app = build_app(engine_name, tmp_path_factory.mktemp("edge"), bp)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture
def edge(edge_app: Flask) -> Iterator[CheckingClient]:
    with edge_app.app_context(), one_transaction():
        make_user(display_name="Before", username="somebody")
        client = edge_app.test_client()
        assert isinstance(client, CheckingClient)
        yield client


def stored_name() -> str:
    return db.session.scalars(sa.select(User.display_name).where(User.username == "somebody")).one()


def test_a_good_answer_commits_change_and_event(edge: CheckingClient) -> None:
    assert edge.post("/edge/well").status_code == 200
    assert stored_name() == "Changed"
    assert len(db.session.scalars(sa.select(AuditEvent)).all()) == 1


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ("invalid", 422, "again"),
        ("refused", 409, "The shop is closed."),
        ("conflict", 409, "Somebody else was first."),
        ("stale", 409, "Somebody else changed this first."),
        ("crash", 500, "It is not your fault"),
    ],
)
def test_any_other_answer_leaves_nothing_behind(edge: CheckingClient, answer: str, status: int, words: str) -> None:
    response = edge.post(f"/edge/{answer}")
    assert response.status_code == status
    assert words in response.text
    assert stored_name() == "Before"
    assert db.session.scalars(sa.select(AuditEvent)).all() == []


@pytest.mark.parametrize(("answer", "again"), [("crash", True), ("conflict", False)])
def test_what_was_written_stands_on_the_page_that_says_it_failed(
    edge: CheckingClient, answer: str, again: bool
) -> None:
    written = {"body": "Two lines &\nno <b>markup</b>"}
    response = edge.post(f"/edge/{answer}", data=written, headers={"Origin": "http://localhost"})
    assert "no &lt;b&gt;markup&lt;/b&gt;" in response.text
    assert (f'action="/edge/{answer}"' in response.text) == again
    assert "markup" not in edge.post(f"/edge/{answer}", data=written).text


def test_a_form_without_its_token_changes_nothing(edge: CheckingClient) -> None:
    edge.sign_in(db.session.scalars(sa.select(User)).one())
    edge.csrf = False
    response = edge.post("/edge/well")
    assert response.status_code == 400
    assert "too old or came from another site" in response.text
    assert response.headers["X-Request-Id"] in response.text
    assert response.headers["X-Request-Id"]
    assert stored_name() == "Before"


@pytest.mark.parametrize(
    ("page", "next_path"),
    [
        ("http://localhost/tickets/7?view=all", "next=/tickets/7?view%3Dall"),
        ("https://elsewhere.example/trap", "next=/"),
    ],
)
def test_a_form_sent_after_the_session_ended_leads_to_sign_in_and_back(
    edge: CheckingClient, page: str, next_path: str
) -> None:
    edge.csrf = False
    response = edge.post("/edge/well", headers={"Referer": page})
    assert response.status_code == 400
    assert "not signed in, or no longer" in response.text
    assert f'href="/sign-in?{next_path}"' in response.text
    assert stored_name() == "Before"


def test_unknown_page_is_a_page_with_a_request_id(edge: CheckingClient) -> None:
    response = edge.get("/no/such/page", headers={"X-Request-Id": "from-the-proxy-1"})
    assert response.status_code == 404
    assert response.headers["X-Request-Id"] == "from-the-proxy-1"
    assert "from-the-proxy-1" in response.text


def test_a_strange_request_id_is_replaced(edge: CheckingClient) -> None:
    sent = "x" * 200
    assert edge.get("/no/such/page", headers={"X-Request-Id": sent}).headers["X-Request-Id"] != sent


def test_every_answer_carries_the_headers(edge: CheckingClient) -> None:
    headers = edge.get("/no/such/page").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_an_error_for_a_fragment_takes_the_whole_page(edge: CheckingClient) -> None:
    response = edge.post("/edge/refused", headers={"HX-Request": "true"})
    assert response.headers["HX-Retarget"] == "body"


def test_the_application_refuses_an_endpoint_without_a_mark() -> None:
    app = Flask(__name__)
    app.add_url_rule("/forgotten", view_func=lambda: "secret", endpoint="forgotten")
    with pytest.raises(RuntimeError, match="forgotten"):
        refuse_unmarked_endpoints(app)
