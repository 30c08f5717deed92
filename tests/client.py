"""A test client that checks every answer, so that no single test has to."""

import contextvars
from typing import Any

import html5lib
import sqlalchemy as sa
from flask import Flask, current_app, g, has_app_context
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import event
from werkzeug.test import TestResponse

from portal.core.db import db
from portal.core.web.remembering import MEMORIES
from portal.directory.models import User

CSRF_RAW = "0123456789abcdef0123456789abcdef01234567"
# What HTML5 allows and the strict parser does not know.
TOLERATED = {"unknown-doctype"}


class CheckingClient(FlaskClient):
    """Signs in without a password, sends the CSRF token, and checks each HTML answer."""

    csrf = True

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        # The test's own transaction must not enclose the request's.
        db.session.commit()
        if self.csrf and kwargs.get("method", "GET") not in ("GET", "HEAD"):
            kwargs["headers"] = {**dict(kwargs.get("headers") or {}), "X-CSRFToken": self.csrf_token()}
        # An empty context: the request must not reuse the application context the test stands in.
        response: TestResponse = contextvars.Context().run(super().open, *args, **kwargs)
        db.session.expire_all()
        check_answer(response)
        return response

    def csrf_token(self) -> str:
        with self.session_transaction() as session:
            session["csrf_token"] = CSRF_RAW
        secret = self.application.secret_key
        assert secret
        return str(URLSafeTimedSerializer(secret, salt="wtf-csrf-token").dumps(CSRF_RAW))

    def sign_in(self, user: User) -> "CheckingClient":
        db.session.commit()
        with self.session_transaction() as session:
            session["_user_id"] = user.get_id()
            session["_fresh"] = True
        return self

    def htmx(self, path: str, *, method: str = "GET", **kwargs: Any) -> TestResponse:
        return self.open(path, method=method, headers={"HX-Request": "true"}, **kwargs)


def check_answer(response: TestResponse) -> None:
    """Fail when an HTML answer is invalid, has not exactly one h1 or no title, or a form lacks its CSRF token."""
    if response.mimetype != "text/html" or response.content_encoding or not response.get_data():
        return
    text = response.get_data(as_text=True)
    fragment = "<html" not in text
    parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
    tree = parser.parseFragment(text) if fragment else parser.parse(text)
    errors = [(position, code) for position, code, _ in parser.errors if code not in TOLERATED]
    assert not errors, f"{response.request.path}: invalid HTML {errors[:3]}"
    assert " style=" not in text, f"{response.request.path}: an inline style, which the policy forbids"
    for form in tree.iter("form"):
        if (form.get("method") or "get").lower() == "post":
            names = {field.get("name") for field in form.iter("input")}
            assert "csrf_token" in names, f"{response.request.path}: a form without its CSRF token"
    if not fragment:
        assert len(list(tree.iter("h1"))) == 1, f"{response.request.path}: not exactly one h1"
        titles = [title for title in tree.iter("title") if title.text and title.text.strip()]
        assert titles, f"{response.request.path}: no title"
        identifiers = [node.get("id") for node in tree.iter() if node.get("id")]
        doubled = {name for name in identifiers if identifiers.count(name) > 1}
        assert not doubled, f"{response.request.path}: ids twice {doubled}"


def watch_uncommitted(app: Flask) -> None:
    """Fail a request that changed something and neither committed nor rolled back."""

    @app.teardown_request
    def check(error: BaseException | None) -> None:
        if error is None and "_sqlalchemy_sessions" in g:
            session = db.session
            left = [*session.new, *session.dirty, *session.deleted]
            assert not left, f"left uncommitted: {left}"
            assert not session.info.get("audit_pending"), "left uncommitted: audit events"


class count_queries:  # noqa: N801 (reads as a verb: with count_queries() as counted)
    """Count the SQL statements inside the block, as a process has them that remembers nothing yet, or ``warm``.

    Transaction control does not count.
    """

    def __init__(self, *, warm: bool = False) -> None:
        self.warm = warm

    def __enter__(self) -> "count_queries":
        if has_app_context() and not self.warm:
            current_app.extensions.pop(MEMORIES, None)
        self.statements: list[str] = []
        event.listen(sa.Engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(sa.Engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, cursor: Any, statement: str, *_: object) -> None:
        if not statement.upper().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN")):
            self.statements.append(statement)

    def __len__(self) -> int:
        return len(self.statements)


__all__ = ["CheckingClient", "check_answer", "count_queries", "watch_uncommitted"]
