"""External links: tried politely, guarded, told to owners."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from flask import Flask

from knowledge.content import ArticleContent
from knowledge.models import Article, ArticleLink, ArticleQuality
from knowledge.services.articles import save_version
from knowledge.services.link_checks import AGAIN_AFTER, FAILED_AGAIN_AFTER, check_links, try_address
from knowledge.tasks import check_links as job
from portal.core.db import db
from portal.core.jobs import stopping
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article


class Site(BaseHTTPRequestHandler):
    asked: ClassVar[list[tuple[str, str]]] = []

    def do_HEAD(self) -> None:
        self.asked.append((self.command, self.path))
        status, location = {
            "/good": (200, ""),
            "/gone": (404, ""),
            "/only-get": (405 if self.command == "HEAD" else 200, ""),
            "/locked": (403, ""),
            "/down": (503, ""),
            "/moved": (301, "/good"),
            "/moved-to-gone": (302, "/gone"),
            "/round": (302, "/round"),
            "/inside": (302, "http://localhost:1/secret"),
        }.get(self.path, (200, ""))
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD  # noqa: N815

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def settings(app: Flask, **values: Any) -> Iterator[None]:
    kept = app.extensions["portico_settings"]
    app.extensions["portico_settings"] = kept.model_copy(update=values)
    yield
    app.extensions["portico_settings"] = kept


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Site.asked = []
    Thread(target=server.serve_forever, daemon=True).start()
    with settings(app, check_external_links=True, webhook_allowed_hosts="127.0.0.1"):
        yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def problem_of(address: str) -> str:
    return db.session.scalars(sa.select(ArticleLink.problem).where(ArticleLink.address == address)).one()


@pytest.mark.parametrize(
    ("path", "problem", "is_certain"),
    [
        ("/good", "", True),
        ("/gone", "404", True),
        ("/only-get", "", True),
        ("/locked", "", True),
        ("/down", "503", False),
        ("/moved", "", True),
        ("/moved-to-gone", "404", True),
        ("/round", "no answer", False),
        # A redirect into a private network is not followed, and what cannot be known is not called broken.
        ("/inside", "", True),
    ],
)
def test_what_an_answer_means(site: str, path: str, problem: str, is_certain: bool) -> None:
    verdict = try_address(site + path)
    assert (verdict.problem, verdict.is_certain) == (problem, is_certain)


def test_a_private_address_is_not_asked(app: Flask, site: str) -> None:
    with settings(app, webhook_allowed_hosts=""):
        assert try_address(f"{site}/gone").problem == ""
    assert Site.asked == []
    assert try_address("http://no-such-host.invalid/").is_certain is False


def test_a_link_that_is_gone_is_told_on_article_and_desk(client: CheckingClient, site: str) -> None:
    article = make_article("Linking", body=f"[a]({site}/gone) [b]({site}/good) [c]({site}/moved)")
    before = db.session.scalars(sa.select(ArticleQuality.score)).one()
    assert check_links(pause=0) == 3
    assert problem_of(f"{site}/gone") == "404"
    assert problem_of(f"{site}/good") == ""
    assert db.session.scalars(sa.select(ArticleQuality.score)).one() < before
    client.sign_in(make_user("knowledge_owner"))
    assert f"{site}/gone (404)" in client.get(f"/articles/{article.id}/work").text
    assert "Linking" in client.get("/knowledge?list=broken").text
    health = client.get("/knowledge/health").text
    assert "Broken links" in health
    # Not asked again within the week; and a new version keeps what is known.
    assert check_links(pause=0) == 0
    save_version(article, ArticleContent("Linking", f"New [a]({site}/gone)", audience=("public",)), actor=None)
    db.session.commit()
    assert problem_of(f"{site}/gone") == "404"
    assert check_links(pause=0) == 0


def test_what_is_down_is_told_only_when_it_stays_so(site: str, clock: HeldClock) -> None:
    make_article(body=f"[a]({site}/down)")
    check_links(pause=0)
    assert problem_of(f"{site}/down") == ""
    clock.forward(hours=2)
    assert check_links(pause=0) == 0
    clock.forward(seconds=FAILED_AGAIN_AFTER.total_seconds())
    check_links(pause=0)
    assert problem_of(f"{site}/down") == "503"
    # It is asked each day then, and well again when it answers.
    db.session.execute(sa.update(ArticleLink).values(address=f"{site}/good"))
    db.session.commit()
    clock.forward(seconds=FAILED_AGAIN_AFTER.total_seconds() + 1)
    check_links(pause=0)
    assert problem_of(f"{site}/good") == ""
    clock.forward(seconds=AGAIN_AFTER.total_seconds() + 1)
    assert check_links(pause=0) == 1


def test_a_machine_without_a_way_out_blames_nobody(site: str) -> None:
    make_article(body=" ".join(f"[{n}](http://no-such-host-{n}.invalid/)" for n in range(6)))
    assert check_links(pause=0) == 0
    assert db.session.scalars(sa.select(ArticleLink.checked_at)).all() == [None] * 6


def test_each_address_is_asked_once_and_hosts_take_turns(site: str) -> None:
    for _ in range(2):
        make_article(body=f"[a]({site}/good) [b]({site}/moved)")
    assert check_links(pause=0, most=10) == 2
    assert [path for _, path in Site.asked].count("/good") == 2  # Once itself, once as the end of the redirect.


def test_off_by_default_and_stops_with_the_worker(app: Flask, site: str) -> None:
    make_article(body=f"[a]({site}/good)")
    with settings(app, check_external_links=False):
        job()
    assert Site.asked == []
    stopping.set()
    try:
        assert check_links(pause=0) == 0
    finally:
        stopping.clear()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Article)) == 1


def test_health_of_a_section_lists_its_findings(client: CheckingClient) -> None:
    article = make_article("Weak", body="Short ![](x.png)")
    hidden = make_article("Elsewhere")
    path = f"/knowledge/health/{article.section.slug}"
    assert client.get(path).status_code == 303
    client.sign_in(make_user("knowledge_owner"))
    text = client.get(path).text
    for words in ("Weak", "Very short", "A picture has no words", "No summary"):
        assert words in text
    assert hidden.title not in text
    assert "<h1" not in client.htmx(path).text
    assert client.get("/knowledge/health/nowhere").status_code == 404
    client.sign_in(make_user())
    assert client.get(path).status_code == 403
