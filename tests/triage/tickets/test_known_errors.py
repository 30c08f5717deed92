"""Known errors and tickets: linked from both sides, counted for agents, the workaround in the ticket, changes told."""

import sqlalchemy as sa
from flask import Flask

from knowledge.content import ArticleContent
from knowledge.enums import ArticleType
from knowledge.models import Article
from knowledge.services.articles import newest_version, publish_version, retire_article, save_version
from portal.core.db import db
from portal.core.notifications.models import Notification
from portal.directory.models import Team, User
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_team, make_user
from tests.factories.knowledge import make_article
from tests.factories.tickets import make_agent, make_ticket
from triage.tickets import services
from triage.tickets.enums import TicketState
from triage.tickets.models import Ticket, TicketArticle

BODY = "## Problem\n\nMail stops.\n\n## Workaround\n\nUse the **web** mail.\n\n### Longer\n\nReally.\n\n## What is being done\n\nWe wait."


def make_error(title: str = "Mail stops", body: str = BODY, audience: tuple[str, ...] = ("public",)) -> Article:
    return make_article(title, body=body, kind=ArticleType.KNOWN_ERROR, audience=audience)


def linked(article: Article, team: Team, **values: object) -> Ticket:
    ticket = make_ticket(team=team, **values)  # type: ignore[arg-type]
    services.link_article(ticket, article.id, actor=make_agent(team))
    db.session.commit()
    return ticket


def told(person: User) -> list[str]:
    return list(db.session.scalars(sa.select(Notification.text).where(Notification.user_id == person.id)))


def test_agents_see_the_number_of_tickets_in_their_queues_and_others_nothing(
    client: CheckingClient, team: Team, agent: User, person: User
) -> None:
    article, elsewhere = make_error(), make_team()
    linked(article, team)
    linked(article, team)
    linked(article, elsewhere)
    path = f"/articles/{article.id}/{article.slug}"
    for page in ("/known-errors", path):
        assert "/tickets" not in client.get(page).text.split("<main")[1]
    client.sign_in(person)
    for page in ("/known-errors", path):
        assert f"/articles/{article.id}/tickets" not in client.get(page).text
    client.sign_in(agent)
    for page in ("/known-errors", path):
        text = client.get(page).text
        assert f'href="/articles/{article.id}/tickets">2 tickets</a>' in text


def test_none_is_no_link_and_the_article_offers_to_link_one(client: CheckingClient, team: Team, agent: User) -> None:
    article = make_error()
    tickets = f'href="/articles/{article.id}/tickets"'
    client.sign_in(agent)
    register = client.get("/known-errors").text
    assert "0 tickets" in register
    assert tickets not in register
    assert f"{tickets}>Link a ticket</a>" in client.get(f"/articles/{article.id}/{article.slug}").text
    client.sign_in(make_user("auditor"))
    assert tickets not in client.get(f"/articles/{article.id}/{article.slug}").text


def test_the_tickets_of_an_article_are_listed_and_linked_from_there(
    client: CheckingClient, team: Team, agent: User
) -> None:
    article = make_error()
    here, elsewhere, new = linked(article, team), linked(article, make_team()), make_ticket(team=team)
    client.sign_in(agent)
    path = f"/articles/{article.id}/tickets"
    text = client.get(path).text
    assert here.title in text
    assert elsewhere.title not in text
    assert client.post(path, data={"number": f"#{new.number}"}).location == path
    assert new.title in client.htmx(path).text
    for wanted, status in (("", 409), ("abc", 409), ("²", 409), ("999999", 404), (str(elsewhere.number), 404)):
        assert client.post(path, data={"number": wanted}).status_code == status
    assert db.session.scalars(sa.select(sa.func.count(TicketArticle.id))).one() == 3


def test_the_list_is_for_those_who_read_queues_and_may_read_the_article(
    client: CheckingClient, team: Team, agent: User, person: User
) -> None:
    article, hidden = make_error(), make_error("Secret", audience=("role:auditor",))
    for method in ("GET", "POST"):
        assert client.open(f"/articles/{article.id}/tickets", method=method).status_code == 303
    client.sign_in(person)
    for method in ("GET", "POST"):
        assert client.open(f"/articles/{article.id}/tickets", method=method).status_code == 403
    client.sign_in(agent)
    for method in ("GET", "POST"):
        assert client.open(f"/articles/{hidden.id}/tickets", method=method).status_code == 404
    client.sign_in(make_user("auditor"))
    assert client.get(f"/articles/{hidden.id}/tickets").status_code == 200
    assert client.post(f"/articles/{hidden.id}/tickets").status_code == 403


def test_the_workaround_stands_in_the_ticket(client: CheckingClient, team: Team, agent: User, person: User) -> None:
    ticket = linked(make_error(), team, requester=person)
    for reader in (agent, person):
        client.sign_in(reader)
        text = client.get(f"/tickets/{ticket.number}").text
        assert "Use the <strong>web</strong> mail." in text
        assert "Really." in text
        assert "We wait." not in text
        assert "nown error" in text


def test_the_requester_is_not_told_of_what_they_may_not_read(client: CheckingClient, team: Team, person: User) -> None:
    ticket = linked(make_error(audience=("agents",)), team, requester=person)
    client.sign_in(person)
    text = client.get(f"/tickets/{ticket.number}").text
    assert "known error" not in text
    assert "web</strong> mail" not in text


def test_a_known_error_without_a_workaround_and_one_in_german(client: CheckingClient, team: Team, agent: User) -> None:
    client.sign_in(agent)
    bare = linked(make_error(body="Just words."), team)
    assert "Workaround" not in client.get(f"/tickets/{bare.number}").text
    german = linked(make_error("Mail steht", body="## Behelfslösung\n\nWebmail nutzen."), team)
    assert "Webmail nutzen." in client.get(f"/tickets/{german.number}").text


class TestChange:
    def change(self, article: Article, actor: User | None = None) -> None:
        save_version(
            article, ArticleContent(article.title, "New", audience=("public",), type=article.type), actor=actor
        )
        publish_version(newest_version(article), actor=actor)

    def test_tells_those_who_work_on_unsolved_tickets_once(self, app: Flask, team: Team, agent: User) -> None:
        article, other = make_error(), make_team()
        colleague = make_agent(other)
        for _ in range(2):
            linked(article, team, assignee=agent, state=TicketState.OPEN)
        linked(article, other)
        solver = make_agent(team)
        linked(article, team, assignee=solver, state=TicketState.RESOLVED)
        before = {person.id: len(told(person)) for person in (agent, colleague, solver)}
        self.change(article)
        assert told(agent)[before[agent.id] :] == ["Known error changed: Mail stops"]
        assert told(colleague)[before[colleague.id] :] == ["Known error changed: Mail stops"]
        assert told(solver)[before[solver.id] :] == []
        retire_article(article, actor=None, reason="Mended")
        assert told(agent)[-1] == "No longer a known error: Mail stops"

    def test_tells_nobody_of_their_own_act_nor_of_other_articles(self, app: Flask, team: Team, agent: User) -> None:
        article, how_to = make_error(), make_article()
        for one in (article, how_to):
            linked(one, team, assignee=agent, state=TicketState.OPEN)
        self.change(article, actor=agent)
        self.change(how_to)
        assert [text for text in told(agent) if "nown error" in text] == []


def test_the_number_of_queries_does_not_grow(client: CheckingClient, team: Team, agent: User) -> None:
    client.sign_in(agent)
    article = make_error()
    for path in ("/known-errors", f"/articles/{article.id}/tickets"):
        counts = []
        for _ in range(3):
            linked(make_error(), team, assignee=agent, state=TicketState.OPEN)
            linked(article, team, assignee=agent, state=TicketState.OPEN)
            with count_queries() as counted:
                client.get(path)
            counts.append(len(counted))
        assert counts[0] == counts[-1], counted.statements
