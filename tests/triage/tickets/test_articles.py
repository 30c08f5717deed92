"""Articles on a ticket: suggested, linked, inserted into messages, and counted."""

import pytest
import sqlalchemy as sa
from flask import Flask

from knowledge.indexing.opening import search_index
from knowledge.indexing.services import take_up_changes
from knowledge.models import Article
from knowledge.queries.usage import usage_of
from portal.core.db import db
from portal.directory.models import Team, User
from tests.client import CheckingClient, count_queries
from tests.factories.audit import actions
from tests.factories.directory import make_team, make_user
from tests.factories.knowledge import make_article
from tests.factories.tickets import make_agent, make_ticket
from triage.tickets import services
from triage.tickets.enums import ArticleUse, Event, HoldReason, TicketState
from triage.tickets.errors import HiddenFromRequester
from triage.tickets.models import Ticket, TicketArticle, TicketEntry

WORDS = "The scanner shows error E-1742"


@pytest.fixture
def indexed(app: Flask) -> Flask:
    """An application whose index is empty at the start of the test."""
    search_index().rebuild(())
    return app


@pytest.fixture
def ticket(team: Team, agent: User, person: User) -> Ticket:
    return make_ticket(team=team, requester=person, assignee=agent, state=TicketState.OPEN, title=WORDS)


def url(ticket: Ticket, step: str = "articles") -> str:
    return f"/tickets/{ticket.number}/{step}"


def links(ticket: Ticket) -> list[int]:
    wanted = {"ticket_id": ticket.id, "use": ArticleUse.LINKED}
    return list(db.session.scalars(sa.select(TicketArticle.article_id).filter_by(**wanted).order_by(TicketArticle.id)))


def counted(article: Article) -> int:
    return usage_of([article.id])[article.id].linked


def address(article: Article) -> str:
    return f"http://localhost/articles/{article.id}/{article.slug}"


def test_an_agent_links_an_article_once_and_takes_it_back(client: CheckingClient, ticket: Ticket, agent: User) -> None:
    article = make_article("Restart the scanner")
    client.sign_in(agent)
    for _ in range(2):
        response = client.post(url(ticket), data={"article": article.id})
        assert (response.status_code, response.location) == (303, f"/tickets/{ticket.number}#ticket-articles")
    assert links(ticket) == [article.id]
    assert counted(article) == 1
    assert actions().count(Event.ARTICLE_LINKED) == 1
    assert "Restart the scanner" in client.get(f"/tickets/{ticket.number}").text
    client.post(url(ticket, f"articles/{article.id}/unlink"))
    client.post(url(ticket, f"articles/{article.id}/unlink"))
    assert links(ticket) == []
    assert counted(article) == 0
    assert actions().count(Event.ARTICLE_UNLINKED) == 1
    assert "Restart the scanner" not in client.get(f"/tickets/{ticket.number}").text


def test_with_htmx_the_list_alone_is_answered(
    client: CheckingClient, indexed: Flask, ticket: Ticket, agent: User
) -> None:
    article = make_article("Restart the scanner")
    client.sign_in(agent)
    answer = client.htmx(url(ticket), method="POST", data={"article": str(article.id)})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "Restart the scanner" in answer.text
    assert "data-focus>The article is linked to the ticket.<" in answer.text
    answer = client.htmx(url(ticket, f"articles/{article.id}/unlink"), method="POST")
    assert "Restart the scanner" not in answer.text
    assert "data-focus>The link is taken back.<" in answer.text
    # What is looked for by itself takes the focus from nobody.
    assert "data-focus" not in client.htmx(url(ticket)).text


def test_what_was_offered_before_stays_beside_the_link(client: CheckingClient, team: Team, agent: User) -> None:
    article = make_article()
    ticket = make_ticket(team=team, articles={article.id: ArticleUse.REJECTED})
    services.link_article(ticket, article.id, actor=agent)
    uses = db.session.scalars(sa.select(TicketArticle.use).order_by(TicketArticle.id)).all()
    assert uses == [ArticleUse.REJECTED, ArticleUse.LINKED]


@pytest.mark.parametrize("wanted", ["", "abc", "0", "99999999999", "4711", "²"])
def test_what_is_no_article_is_refused(client: CheckingClient, ticket: Ticket, agent: User, wanted: str) -> None:
    client.sign_in(agent)
    response = client.post(url(ticket), data={"article": wanted})
    assert response.status_code == 409
    assert "There is no such article, or you may not read it." in response.text
    assert links(ticket) == []


def test_an_agent_links_only_what_the_agent_may_read(client: CheckingClient, ticket: Ticket, agent: User) -> None:
    secret = make_article("Board only", audience=("role:auditor",))
    client.sign_in(agent)
    response = client.post(url(ticket), data={"article": secret.id})
    assert response.status_code == 409
    assert "Board only" not in response.text
    # Somebody who may read it has linked it: others see that there is one and not which.
    services.link_article(ticket, secret.id, actor=make_user("agent", "auditor"))
    page = client.get(f"/tickets/{ticket.number}").text
    assert "One more that you may not read" in page
    assert "Board only" not in page


def test_it_is_for_agents_of_the_team(client: CheckingClient, ticket: Ticket, person: User) -> None:
    article = make_article()
    steps = (("GET", "articles"), ("POST", "articles"), ("POST", f"articles/{article.id}/unlink"))
    for method, step in steps:
        assert client.open(url(ticket, step), method=method).status_code == 303
    client.sign_in(person)
    for method, step in steps:
        assert client.open(url(ticket, step), method=method, data={"article": article.id}).status_code == 403
    client.sign_in(make_agent(make_team()))
    for method, step in steps:
        assert client.open(url(ticket, step), method=method, data={"article": article.id}).status_code == 404
    assert links(ticket) == []


def test_suggestions_come_from_title_description_and_answers(
    client: CheckingClient, indexed: Flask, team: Team, agent: User, person: User
) -> None:
    make_article("The scanner stops in the middle", body="Restart the scanner twice.", summary="Restart.")
    make_article("Quince jelly on the keyboard", body="Wipe it with a dry cloth.", summary="Wipe.")
    ticket = make_ticket(team=team, requester=person, title="Help please", description="My scanner stops")
    with indexed.test_request_context():
        take_up_changes()
    client.sign_in(agent)
    page = client.get(url(ticket)).text
    assert "The scanner stops" in page
    assert "Quince jelly" not in page
    services.reply(ticket, actor=person, body="Now there is quince jelly on the keyboard")
    assert "Quince jelly" in client.htmx(url(ticket)).text
    found = client.htmx(url(ticket) + "?q=quince+jelly").text
    assert "Quince jelly" in found
    assert "The scanner stops" not in found


def test_suggestions_follow_the_agents_rights_and_name_what_the_requester_may_not_read(
    client: CheckingClient, indexed: Flask, ticket: Ticket, agent: User
) -> None:
    make_article(f"{WORDS}: for agents", audience=("agents",), body="Open the log of the scanner.")
    make_article(f"{WORDS}: for auditors", audience=("role:auditor",), body="Count the scanners.")
    with indexed.test_request_context():
        take_up_changes()
    client.sign_in(agent)
    page = client.get(url(ticket)).text
    assert "for agents" in page
    assert "for auditors" not in page
    assert "User Sales may not read it" in page
    assert "Insert into a note" in page


class TestReply:
    def send(self, client: CheckingClient, ticket: Ticket, body: str, kind: str = "public", then: str = "stay") -> int:
        data = {"kind": kind, "body": body, "then": then}
        response = client.post(url(ticket, "write"), data=data)
        self.text = response.text
        return response.status_code

    def entries(self, ticket: Ticket) -> list[str]:
        query = sa.select(TicketEntry.body).where(TicketEntry.ticket_id == ticket.id, TicketEntry.body != "")
        return list(db.session.scalars(query.order_by(TicketEntry.id)))

    @pytest.mark.parametrize("then", ["stay", "wait", "resolve"])
    def test_a_link_in_a_reply_counts(self, client: CheckingClient, ticket: Ticket, agent: User, then: str) -> None:
        article, other = make_article(), make_article()
        client.sign_in(agent)
        body = f"Please look at {address(article)} and (/articles/{other.id})."
        assert self.send(client, ticket, body, then=then) == 303
        assert links(ticket) == [article.id, other.id]
        assert (counted(article), counted(other)) == (1, 1)
        page = client.get(f"/tickets/{ticket.number}").text
        assert f'<a href="/articles/{article.id}/{article.slug}">{address(article)}</a>' in page

    @pytest.mark.parametrize("then", ["stay", "wait", "resolve"])
    def test_a_link_the_requester_may_not_read_is_refused(
        self, client: CheckingClient, ticket: Ticket, agent: User, then: str
    ) -> None:
        hidden = make_article("Agents' own", audience=("agents",))
        client.sign_in(agent)
        assert self.send(client, ticket, f"See {address(hidden)}", then=then) == 422
        assert f"User Sales may not read this article: /articles/{hidden.id}" in self.text
        assert f"See {address(hidden)}" in self.text, "what was typed is kept"
        assert self.entries(ticket) == []
        assert links(ticket) == []

    def test_a_note_may_lead_anywhere(self, client: CheckingClient, ticket: Ticket, agent: User) -> None:
        hidden = make_article("Agents' own", audience=("agents",))
        client.sign_in(agent)
        assert self.send(client, ticket, f"See {address(hidden)}", kind="internal") == 303
        assert links(ticket) == [hidden.id]

    def test_other_addresses_are_no_links(self, client: CheckingClient, ticket: Ticket, agent: User) -> None:
        article = make_article()
        client.sign_in(agent)
        body = f"https://elsewhere.example/articles/{article.id} and C:/articles/{article.id} and /articles/{article.id}9999"
        assert self.send(client, ticket, body, kind="internal") == 303
        assert links(ticket) == []
        assert 'href="https://elsewhere.example' not in client.get(f"/tickets/{ticket.number}").text

    def test_what_the_requester_writes_links_nothing(
        self, client: CheckingClient, ticket: Ticket, person: User
    ) -> None:
        hidden = make_article(audience=("agents",))
        client.sign_in(person)
        assert client.post(url(ticket, "reply"), data={"body": f"I saw {address(hidden)}"}).status_code == 303
        assert links(ticket) == []

    def test_reasons_for_waiting_and_resolutions_are_checked_as_well(self, ticket: Ticket, agent: User) -> None:
        text = address(make_article(audience=("agents",)))
        with pytest.raises(HiddenFromRequester):
            services.put_on_hold(ticket, HoldReason.VENDOR, actor=agent, note=text)
        with pytest.raises(HiddenFromRequester):
            services.resolve_ticket(ticket, actor=agent, resolution=text)


class TestInsertWithoutScript:
    def test_puts_title_and_address_into_the_reply(self, client: CheckingClient, ticket: Ticket, agent: User) -> None:
        article = make_article("Restart the scanner")
        client.sign_in(agent)
        page = client.get(f"/tickets/{ticket.number}?insert={article.id}").text
        composer = page[page.index('id="write"') :]
        assert f"Restart the scanner\n{address(article)}" in composer.replace("\r\n", "\n")
        assert (
            'checked id="kind-0"' in composer
            or 'id="kind-0" name="kind" type="radio" value="public" checked' in composer
        )
        assert links(ticket) == [], "it counts when it is sent"

    def test_says_why_it_stands_in_a_note(self, client: CheckingClient, ticket: Ticket, agent: User) -> None:
        hidden = make_article("Agents' own", audience=("agents",))
        client.sign_in(agent)
        page = client.get(f"/tickets/{ticket.number}?insert={hidden.id}").text
        assert "so the link stands in an internal note" in page
        assert address(hidden) in page

    @pytest.mark.parametrize("wanted", ["", "x", "99999", "²", "1e3"])
    def test_nonsense_inserts_nothing(self, client: CheckingClient, ticket: Ticket, agent: User, wanted: str) -> None:
        client.sign_in(agent)
        assert client.get(f"/tickets/{ticket.number}?insert={wanted}").status_code == 200


def test_the_number_of_queries_does_not_grow(
    client: CheckingClient, indexed: Flask, ticket: Ticket, agent: User
) -> None:
    client.sign_in(agent)
    for path in (f"/tickets/{ticket.number}", url(ticket)):
        counts = []
        for _ in range(3):
            article = make_article(WORDS)
            services.link_article(ticket, article.id, actor=agent)
            db.session.commit()
            with count_queries() as counted_queries:
                client.get(path)
            counts.append(len(counted_queries))
        assert counts[0] == counts[-1], counted_queries.statements
