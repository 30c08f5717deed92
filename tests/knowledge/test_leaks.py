"""Nobody finds, counts or can infer what they may not read, in any place where articles appear.

A world without a secret article is looked at, then the secret comes: it fits best everywhere, is the newest, was read
most, and shares words, section, tags and service with what is open. Whoever may not read it must see exactly the same
as before; whoever may must see it, so that each place would have shown it.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from knowledge.content import ArticleContent
from knowledge.enums import ArticleType, Outcome
from knowledge.exporting.markdown import export_markdown
from knowledge.indexing.opening import search_index
from knowledge.indexing.services import take_up_changes
from knowledge.models import Article, ArticleDay, Section
from knowledge.services.articles import newest_version, publish_version, save_version
from knowledge.services.outcomes import record_outcome
from knowledge.services.subscribing import subscribe
from knowledge.tasks import tell_subscribers
from portal.core import clock as clocks
from portal.core.db import db
from portal.directory.models import Team, User
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import make_service, make_team, make_user
from tests.factories.knowledge import make_article, make_section
from tests.factories.tickets import make_agent, make_ticket

TITLE = "Xylophonic tunnel drops"
ASKED = "xylophonic tunnel drops at home"
# None of these stands anywhere else.
TRACES = ("ylophon", "tunnel drops", "verboten")
# What is made anew for each answer.
_RANDOM = re.compile(r'(?<=csrf_token" value=")[^"]+|(?<=/ask/)[A-Za-z0-9_-]{32}|(?<=value=")[A-Za-z0-9_.-]{16,}(?=")')


@dataclass
class World:
    """What there is before the secret comes, and where it will be."""

    client: CheckingClient
    section: Section
    open_article: Article
    team: Team
    other_team: Team
    # The number of a ticket that the secret would answer, by team.
    tickets: dict[int, int]


Place = Callable[[World, User | None], str]


def _get(path: str) -> Place:
    return lambda world, reader: world.client.get(path).text


def _related(world: World, reader: User | None) -> str:
    article = world.open_article
    return world.client.get(f"/articles/{article.id}/{article.slug}").text


def _section(world: World, reader: User | None) -> str:
    return world.client.get(f"/sections/{world.section.slug}").text


def _asked(world: World, reader: User | None) -> str:
    path = world.client.post("/ask", data={"text": ASKED}).location
    return world.client.get(path).text


def _typed_in_a_ticket(world: World, reader: User | None) -> str:
    if reader is None:
        return ""
    path = world.client.post("/ask", data={"text": "Something else"}).location
    data = {"title": ASKED, "description": ASKED}
    return world.client.htmx(f"{path}/ticket/articles", method="POST", data=data).text


def _beside_a_ticket(world: World, reader: User | None) -> str:
    if reader is None or "agents" not in reader.audience_tokens or not reader.team_ids:
        return ""
    number = world.tickets[min(reader.team_ids)]
    return world.client.htmx(f"/tickets/{number}/articles").text


def _exported(world: World, reader: User | None) -> str:
    if reader is None:
        return ""
    stream = io.BytesIO()
    export_markdown(stream, reader)
    with zipfile.ZipFile(stream) as archive:
        return "\n".join(f"{name}\n{archive.read(name).decode()}" for name in sorted(archive.namelist()))


PLACES: dict[str, Place] = {
    "front page": _get("/"),
    "articles by subject and most read": _get("/articles"),
    "section": _section,
    "related articles": _related,
    "known errors": _get("/known-errors"),
    "known errors of a state": _get("/known-errors?state=open"),
    "search": _get(f"/search?q={ASKED.replace(' ', '+')}"),
    "search by one rare word": _get("/search?q=xylophonic"),
    "did you mean": _get("/search?q=xylofonic"),
    "search narrowed to a kind": _get("/search?q=tunnel&type=known_error"),
    "titles while typing": _get("/search/suggest?q=xylo"),
    "answers of the assistant": _asked,
    "ticket form while typing": _typed_in_a_ticket,
    "beside a ticket": _beside_a_ticket,
    "export": _exported,
}
# The feed is one for all: nobody's rights open more of it. A count says no title.
WITHOUT_TITLE = {"front page", "did you mean"}


@pytest.fixture
def world(app: Flask, client: CheckingClient, clock: HeldClock) -> Iterator[World]:
    search_index().rebuild(())
    team, other_team = make_team("Network"), make_team("Printing")
    make_service("Remote access", key="vpn", owner_team=team)
    section = make_section("Remote work")
    facts: dict[str, Any] = {"tags": ("remote",), "services": ("vpn",), "section": section}
    article = make_article("Tunnel is slow at home", body="Restart the tunnel.", summary="Restart it.", **facts)
    make_article("Connect at home", body="Install the profile.", summary="Install.", **facts)
    make_article("Tunnel needs a restart", body="Known.", kind=ArticleType.KNOWN_ERROR, summary="Wait.", **facts)
    tickets = {one.id: make_ticket(team=one, title=ASKED, description=ASKED).number for one in (team, other_team)}
    yield World(client, section, article, team, other_team, tickets)
    search_index().rebuild(())


def index(world: World) -> None:
    with world.client.application.test_request_context():
        take_up_changes()


def hide(world: World, token: str) -> Article:
    """Publish the secret and make it first wherever articles are ranked."""
    secret = make_article(
        TITLE,
        body=f"{ASKED} verboten " * 5,
        summary=ASKED,
        section=world.section,
        audience=(token.format(team=world.team.id),),
        tags=("remote", "verboten"),
        services=("vpn",),
        kind=ArticleType.KNOWN_ERROR,
    )
    db.session.add(ArticleDay(article_id=secret.id, day=clocks.now().date(), views=1000, readers=500))
    for _ in range(9):
        record_outcome(secret.id, Outcome.SOLVED)
    db.session.commit()
    index(world)
    return secret


def look(world: World, reader: User | None) -> dict[str, str]:
    """Return what a reader gets in each place."""
    if reader is not None:
        world.client.sign_in(reader)
    return {name: place(world, reader) for name, place in PLACES.items()}


def same(text: str) -> str:
    return _RANDOM.sub("RANDOM", text)


def make_reader(world: World, who: str) -> User | None:
    if who == "visitor":
        return None
    if who == "agent of another team":
        return make_agent(world.other_team)
    if who == "agent of the team":
        return make_agent(world.team)
    if who == "auditor":
        return make_user("auditor")
    return make_user()


@pytest.mark.parametrize(
    ("token", "who"),
    [
        ("signed-in", "visitor"),
        ("agents", "visitor"),
        ("agents", "end user"),
        ("role:auditor", "visitor"),
        ("role:auditor", "end user"),
        ("role:auditor", "agent of the team"),
        ("team:{team}", "visitor"),
        ("team:{team}", "end user"),
        ("team:{team}", "agent of another team"),
    ],
)
def test_what_is_hidden_leaves_no_trace(world: World, token: str, who: str) -> None:
    index(world)
    reader = make_reader(world, who)
    db.session.commit()
    before = look(world, reader)
    secret = hide(world, token)
    after = look(world, reader)
    for name in PLACES:
        # The words that were asked stand on the page; the title does not.
        assert same(after[name]) == same(before[name]), f"{name} tells a {who} of an article for {token}"
        assert TITLE not in after[name], name
        assert "verboten" not in after[name], name
    for path in ("", f"/{secret.slug}", "/feedback", "/article.pdf", "/work", "/usage"):
        # As if there were no such article, whether its number exists or not.
        answers = [world.client.get(f"/articles/{number}{path}").status_code for number in (secret.id, secret.id + 999)]
        assert answers[0] == answers[1], path
        assert answers[0] in (303, 403, 404), path


@pytest.mark.parametrize(
    ("token", "who"),
    [
        ("public", "visitor"),
        ("signed-in", "end user"),
        ("agents", "agent of another team"),
        ("role:auditor", "auditor"),
        ("team:{team}", "agent of the team"),
    ],
)
def test_whoever_may_read_it_sees_it_first_everywhere(world: World, token: str, who: str) -> None:
    index(world)
    hide(world, token)
    shown = look(world, make_reader(world, who))
    for name, text in shown.items():
        if text and name not in WITHOUT_TITLE:
            plain = re.sub(r"</?mark>", "", text)
            assert TITLE in plain, f"{name} does not show a {who} an article for {token}"
    assert "xylophonic" in re.sub(r"</?[a-z]+>", "", shown["did you mean"])


@pytest.mark.parametrize("token", ["signed-in", "agents", "role:auditor", "team:{team}"])
def test_the_feed_is_for_everyone_whoever_asks(world: World, token: str) -> None:
    before = world.client.get("/articles/feed.atom").text
    hide(world, token)
    for who in ("visitor", "end user", "auditor", "agent of the team"):
        look(world, make_reader(world, who))
        assert world.client.get("/articles/feed.atom").text == before


@pytest.mark.parametrize("token", ["agents", "role:auditor", "team:{team}"])
def test_subscribers_hear_nothing_of_what_was_hidden_since(world: World, token: str) -> None:
    reader = make_user()
    for thing in (world.open_article, world.section):
        subscribe(reader, thing)
    audience = (token.format(team=world.team.id),)
    save_version(world.open_article, ArticleContent(TITLE, "verboten", audience=audience), actor=None)
    publish_version(newest_version(world.open_article), actor=None)
    db.session.commit()
    tell_subscribers()
    world.client.sign_in(reader)
    for path in ("/subscriptions", "/notifications"):
        assert not any(trace in world.client.get(path).text for trace in TRACES), path
