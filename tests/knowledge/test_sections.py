"""Browsing by section."""

import pytest

from knowledge.errors import NobodyMayRead, SectionInCircle, UnknownAudience
from knowledge.services.sections import change_section
from portal.core.db import db
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article, make_section


def test_counts_only_what_the_reader_may_see(client: CheckingClient) -> None:
    mail = make_section("Mail")
    calendar = make_section("Calendar", parent=mail)
    make_article(section=mail)
    make_article(section=calendar)
    make_article(section=calendar, audience=("agents",))
    make_article(section=calendar, published=False)
    text = client.get("/articles").text
    assert "2 articles" in text
    assert client.get("/sections/calendar").text.count("<li><a") >= 1
    client.sign_in(make_user("agent"))
    assert "3 articles" in client.get("/articles").text


def test_a_section_without_anything_for_the_reader_leaves_no_trace(client: CheckingClient) -> None:
    secret = make_section("Takeover of Blue Ltd")
    make_article(section=secret, audience=("agents",))
    assert "Blue" not in client.get("/articles").text
    assert client.get(f"/sections/{secret.slug}").status_code == 404
    client.sign_in(make_user("agent"))
    assert client.get(f"/sections/{secret.slug}").status_code == 200


def test_an_empty_portal_says_what_this_place_is_for(client: CheckingClient) -> None:
    assert "No articles yet" in client.get("/articles").text


def test_lists_articles_page_by_page(client: CheckingClient) -> None:
    section = make_section("Mail")
    for number in range(27):
        make_article(f"Article number {number:02}", section=section)
    first = client.get("/sections/mail")
    assert ("number 00" in first.text, "number 26" in first.text) == (True, False)
    assert "number 26" in client.get("/sections/mail?page=2").text
    fragment = client.htmx("/sections/mail")
    assert "<html" not in fragment.text


@pytest.mark.parametrize("path", ["/articles", "/sections/mail"])
def test_the_number_of_queries_does_not_grow(client: CheckingClient, path: str) -> None:
    section = make_section("Mail")
    counts = []
    for _ in range(2):
        make_section(parent=section)
        make_article(section=section)
        with count_queries() as counted:
            client.get(path)
        counts.append(len(counted))
    assert counts[0] == counts[1] <= 8, counted.statements


def test_the_narrower_of_article_and_section_counts(client: CheckingClient) -> None:
    agents = make_section("Agents", audience=("agents",))
    article = make_article("Inside", section=agents, audience=("public",))
    assert client.get(f"/articles/{article.id}/inside").status_code == 404
    child = make_section("Below", parent=agents)
    assert child.tokens == {"agents"}


def test_closing_a_section_closes_what_lies_in_it(client: CheckingClient) -> None:
    section = make_section("Mail")
    article = make_article("Inside", section=make_section("Below", parent=section))
    change_section(section, actor=None, name="Mail", parent=None, owner_team=None, audience=("agents",))
    db.session.commit()
    assert client.get(f"/articles/{article.id}/inside").status_code == 404
    change_section(section, actor=None, name="Mail", parent=None, owner_team=None, audience=("public",))
    db.session.commit()
    assert client.get(f"/articles/{article.id}/inside").status_code == 200


def test_a_section_cannot_lie_beneath_itself(app: object) -> None:
    top = make_section("Top")
    below = make_section("Below", parent=top)
    with pytest.raises(SectionInCircle):
        change_section(top, actor=None, name="Top", parent=below, owner_team=None, audience=())


def test_an_audience_that_leaves_nobody_is_refused(app: object) -> None:
    section = make_section(audience=("role:auditor",))
    with pytest.raises(NobodyMayRead):
        make_article(section=section, audience=("team:1",))
    with pytest.raises(UnknownAudience):
        make_article(audience=("everybody",))
