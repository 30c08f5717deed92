"""Redirects stay on our own site, whatever they are asked for."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.core.web import own_path

app = Flask(__name__)


def ask(wanted: str | None) -> str:
    with app.test_request_context("/here", base_url="http://portal.example"):
        return own_path(wanted)


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/tickets/7?tab=notes", "/tickets/7?tab=notes"),
        ("tickets", "/tickets"),
        ("http://portal.example/queue?sort=-age", "/queue?sort=-age"),
        (None, "/"),
        ("", "/"),
    ],
)
def test_own_pages_are_kept(wanted: str | None, path: str) -> None:
    assert ask(wanted) == path


@pytest.mark.parametrize(
    "wanted",
    [
        "http://evil.example/",
        "//evil.example/x",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=1",
        "http://portal.example@evil.example/",
        "http://portal.example:81/",
    ],
)
def test_other_sites_are_refused(wanted: str) -> None:
    assert ask(wanted) in ("/", "/evil.example", "/evil.example/x")


@given(st.text(max_size=60))
def test_answer_is_always_a_path_of_ours(wanted: str) -> None:
    path = ask(wanted)
    assert path.startswith("/")
    assert not path.startswith("//")
    assert "\\" not in path
