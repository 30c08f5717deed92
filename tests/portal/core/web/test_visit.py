from collections.abc import Iterator

import pytest
from flask import Blueprint, Flask

from portal.core.auth import public
from portal.core.db import db
from portal.core.web.visit import COOKIE, LASTS, visit_token
from tests.client import CheckingClient
from tests.conftest import build_app

bp = Blueprint("visits", __name__)


@bp.get("/begin")
@public
def begin() -> str:
    return visit_token(begin=True)


@bp.get("/look")
@public
def look() -> str:
    return visit_token() or "none"


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CheckingClient]:
    app: Flask = build_app("sqlite", tmp_path_factory.mktemp("visits"), bp)
    with app.app_context():
        client = app.test_client()
        assert isinstance(client, CheckingClient)
        yield client
        db.engine.dispose()


def test_visit_begins_where_a_page_asks_for_one_and_goes_on(visitor: CheckingClient) -> None:
    before = visitor.get("/look")
    assert before.text == "none"
    assert "Set-Cookie" not in before.headers
    first = visitor.get("/begin")
    cookie = first.headers["Set-Cookie"]
    assert f"Max-Age={int(LASTS.total_seconds())}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert visitor.get("/look").text == first.text
    assert visitor.get("/begin").text == first.text


def test_visit_that_is_made_up_is_replaced(visitor: CheckingClient) -> None:
    visitor.set_cookie(COOKIE, "<script>")
    assert visitor.get("/look").text == "none"
    assert len(visitor.get("/begin").text) == 16
