"""Ask in your own words: answers first, then a person; nothing typed is lost on the way."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from knowledge.models import Article as KnownArticle
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.directory.models import User
from portal.directory.services.it_services import retire_service
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import make_service, make_team, make_user
from tests.factories.knowledge import make_article
from tests.factories.tickets import make_agent, make_category
from triage.assistant.answers import use_source
from triage.assistant.enums import Event, Outcome
from triage.assistant.models import Conversation, ConversationArticle
from triage.assistant.services import mark_abandoned, title_from
from triage.tickets.enums import ArticleUse
from triage.tickets.models import Ticket, TicketArticle
from triage.tickets.services.categories import change_category

FILLED = {
    "title": "VPN drops",
    "description": "Every two minutes.",
    "kind": "incident",
    "impact": "minor",
    "urgency": "high",
    "service": "",
    "category": "",
}


@dataclass(frozen=True)
class Article:
    article_id: int
    title: str
    url: str
    passage: str
    token: str = "public"


def suggest_from(shelf: list[Article], text: str, *, tokens: Any, limit: int) -> list[Article]:
    return [article for article in shelf if article.token in tokens and "vpn" in text.lower()][:limit]


@pytest.fixture(autouse=True)
def no_shelf(app: Flask) -> Iterator[None]:
    """Nothing answers unless a test says so: the index of the portal may hold what another test put there."""
    previous = use_source(app, None)
    yield
    use_source(app, previous)


@pytest.fixture
def articles(app: Flask) -> list[Article]:
    return [
        Article(make_article("VPN drops at home").id, "VPN drops at home", "/articles/1", "Quit the second VPN."),
        Article(make_article("Set up remote access").id, "Set up remote access", "/articles/2", "Install the profile."),
        Article(make_article("Gateway log").id, "Gateway log for agents", "/articles/3", "Internal.", token="agents"),
    ]


@pytest.fixture
def shelf(app: Flask, articles: list[Article]) -> Iterator[list[int]]:
    """A shelf in place of the search: the assistant asks it through the same call. Gives the ids of its articles."""
    previous = use_source(app, partial(suggest_from, articles))
    yield [article.article_id for article in articles]
    use_source(app, previous)


@pytest.fixture
def user(app: Flask) -> User:
    make_team("Service desk", key="service-desk")
    return make_user(username="user.sales", display_name="User Sales")


def begin(client: CheckingClient, text: str = "My VPN drops. It is annoying.") -> Conversation:
    response = client.post("/ask", data={"text": text})
    assert response.status_code == 303
    token = response.location.rsplit("/", 1)[1]
    return db.session.scalars(sa.select(Conversation).where(Conversation.token == token)).one()


def outcome_of(conversation: Conversation) -> Outcome:
    return db.session.scalars(sa.select(Conversation.outcome).where(Conversation.id == conversation.id)).one()


def path(conversation: Conversation, step: str = "") -> str:
    return f"/ask/{conversation.token}" + (f"/{step}" if step else "")


def test_anyone_may_ask(client: CheckingClient) -> None:
    assert "Ask for help" in client.get("/ask").text
    assert "my words" in client.get("/ask?text=my words").text


def test_answers_come_first_with_passage_and_link(client: CheckingClient, shelf: list[int]) -> None:
    conversation = begin(client)
    text = client.get(path(conversation)).text
    assert "VPN drops at home" in text and "Quit the second VPN." in text
    assert "Gateway log for agents" not in text
    assert "You sign in first. What you wrote is kept." in text
    shown = db.session.execute(sa.select(ConversationArticle.article_id, ConversationArticle.use)).all()
    assert sorted(shown) == [(shelf[0], ArticleUse.SHOWN), (shelf[1], ArticleUse.SHOWN)]


@pytest.mark.parametrize("text", ["", "   ", "x" * 10_001])
def test_a_question_needs_words(client: CheckingClient, text: str) -> None:
    response = client.post("/ask", data={"text": text})
    assert response.status_code == 422
    assert db.session.scalars(sa.select(Conversation)).all() == []


def test_without_an_answer_a_person_is_offered(client: CheckingClient) -> None:
    assert "Nothing fitting was found" in client.get(path(begin(client))).text


def test_the_form_offers_at_once_what_is_in_use_now(client: CheckingClient, user: User) -> None:
    service, category = make_service("Old service"), make_category("Old category")
    client.sign_in(user)
    form = path(begin(client), "ticket")
    assert "Old service" in client.get(form).text and "Old category" in client.get(form).text
    retire_service(service, actor=None, reason="gone")
    db.session.commit()
    assert "Old service" not in client.get(form).text
    change_category(
        category,
        actor=None,
        name="New category",
        description="",
        parent=None,
        service=None,
        keywords=["flibbertigibbet", "wuzzle"],
        translations={},
        is_active=True,
    )
    db.session.commit()
    text = client.get(form).text
    assert "Old category" not in text and "New category" in text
    named = client.get(path(begin(client, "The flibbertigibbet wuzzle makes a noise"), "ticket")).text
    assert f'<option selected value="{category.id}">New category' in named


def test_solved_is_only_what_the_person_says(client: CheckingClient, shelf: list[int]) -> None:
    conversation = begin(client)
    assert outcome_of(conversation) is Outcome.OPEN
    response = client.post(path(conversation, f"articles/{shelf[0]}"), data={"use": "helped"})
    assert response.location == path(conversation)
    assert "Good to hear that it works" in client.get(path(conversation)).text
    assert outcome_of(conversation) is Outcome.SOLVED
    assert db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)).all()[-1] == Event.SOLVED
    client.post(path(conversation, f"articles/{shelf[0]}"), data={"use": "rejected"})
    assert outcome_of(conversation) is Outcome.OPEN


def test_reading_leads_to_the_article_and_is_noted(client: CheckingClient, shelf: list[int]) -> None:
    conversation = begin(client)
    response = client.post(path(conversation, f"articles/{shelf[1]}"), data={"use": "opened"})
    assert (response.status_code, response.location) == (303, "/articles/2")
    assert conversation.use_of(shelf[1]) is ArticleUse.OPENED
    assert client.post(path(conversation, f"articles/{shelf[2]}"), data={"use": "helped"}).status_code == 409
    assert client.post(path(conversation, f"articles/{shelf[0]}"), data={"use": "nonsense"}).status_code == 400


@pytest.mark.usefixtures("shelf")
def test_other_words_other_answers(client: CheckingClient) -> None:
    conversation = begin(client, "It drops")
    assert client.post(path(conversation), data={"text": ""}).status_code == 422
    assert client.post(path(conversation), data={"text": "The VPN drops"}).status_code == 303
    assert "VPN drops at home" in client.get(path(conversation)).text


def test_a_conversation_of_somebody_else_is_not_found(client: CheckingClient, user: User) -> None:
    client.sign_in(user)
    conversation = begin(client)
    client.sign_in(make_user())
    for step in ("", "ticket", "sent"):
        assert client.get(path(conversation, step)).status_code == 404
    assert client.post(path(conversation, "ticket"), data=FILLED).status_code == 404
    assert client.get("/ask/unknown").status_code == 404


@pytest.mark.usefixtures("shelf")
def test_signing_in_on_the_way_loses_nothing(client: CheckingClient, user: User) -> None:
    conversation = begin(client)
    response = client.get(path(conversation, "ticket"))
    assert response.status_code == 303
    assert response.location.startswith("/sign-in?next=")
    client.sign_in(user)
    text = client.get(path(conversation, "ticket")).text
    assert 'value="My VPN drops"' in text
    assert "My VPN drops. It is annoying." in text


def test_the_ticket_carries_what_is_known(client: CheckingClient, user: User, shelf: list[int]) -> None:
    team = make_team("Network")
    service = make_service("VPN", owner_team=team, keywords=["vpn", "vpn drops"])
    category = make_category("VPN", service=service, keywords=["vpn", "vpn drops"])
    client.sign_in(user)
    conversation = begin(client)
    client.post(path(conversation, f"articles/{shelf[0]}"), data={"use": "rejected"})
    form = client.get(path(conversation, "ticket")).text
    assert f'<option selected value="{service.id}">' in form
    assert f'<option selected value="{category.id}">' in form
    assert "% sure" in form
    data = {**FILLED, "service": str(service.id), "category": str(category.id)}
    files = [(io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"\x00" * 20), "error.png")]
    response = client.post(path(conversation, "ticket"), data={**data, "files": files})
    assert response.location == path(conversation, "sent")
    ticket = db.session.scalars(sa.select(Ticket)).one()
    assert (ticket.team, ticket.category, ticket.requester) == (team, category, user)
    assert ticket.packet is not None
    assert ticket.packet["version"] == 1
    assert ticket.packet["suggestion"]["service_id"] == service.id
    assert [(item["id"], item["use"]) for item in ticket.packet["articles"]] == [
        (shelf[0], "rejected"),
        (shelf[1], "shown"),
    ]
    uses = db.session.execute(sa.select(TicketArticle.article_id, TicketArticle.use)).all()
    assert sorted(uses) == [(shelf[0], ArticleUse.REJECTED), (shelf[1], ArticleUse.SHOWN)]
    sent = client.get(path(conversation, "sent")).text
    assert f"#{ticket.number}" in sent and "Network has it in the queue." in sent
    assert client.get(path(conversation)).location == path(conversation, "sent")
    client.sign_in(make_agent(team))
    page = client.get(f"/tickets/{ticket.number}").text
    assert "VPN drops at home" in page and "did not help" in page


def test_an_article_nobody_was_shown_does_not_go_along(
    client: CheckingClient, user: User, app: Flask, articles: list[Article]
) -> None:
    client.sign_in(user)
    conversation = begin(client)
    use_source(app, partial(suggest_from, articles))
    response = client.post(path(conversation, "ticket"), data=FILLED)
    assert response.location == path(conversation, "sent")
    ticket = db.session.scalars(sa.select(Ticket)).one()
    assert ticket.packet is not None
    assert ticket.packet["articles"] == []


def test_a_form_sent_twice_makes_one_ticket(client: CheckingClient, user: User) -> None:
    client.sign_in(user)
    conversation = begin(client)
    first = client.post(path(conversation, "ticket"), data=FILLED)
    second = client.post(path(conversation, "ticket"), data=FILLED)
    assert first.location == second.location == path(conversation, "sent")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Ticket)) == 1
    db.session.refresh(conversation)
    assert conversation.outcome is Outcome.HANDED_OVER


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("title", "Say in one line what this is about."),
        ("description", "Describe what happens."),
        ("impact", "Say who is affected."),
        ("urgency", "Say whether you can work."),
    ],
)
def test_a_missing_answer_is_asked_for_and_the_rest_kept(
    client: CheckingClient, user: User, missing: str, words: str
) -> None:
    client.sign_in(user)
    conversation = begin(client)
    response = client.post(path(conversation, "ticket"), data={**FILLED, missing: ""})
    assert response.status_code == 422
    assert words in response.text
    kept = "Every two minutes." if missing != "description" else 'value="VPN drops"'
    assert kept in response.text
    assert db.session.scalars(sa.select(Ticket)).all() == []


def test_a_file_that_lies_is_refused_at_its_field(client: CheckingClient, user: User) -> None:
    client.sign_in(user)
    conversation = begin(client)
    data = {**FILLED, "files": [(io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"\x00" * 9), "report.pdf")]}
    response = client.post(path(conversation, "ticket"), data=data)
    assert response.status_code == 422
    assert "“report.pdf” is not what its name says" in response.text
    assert db.session.scalars(sa.select(Ticket)).all() == []


def test_an_agent_writes_down_somebody_elses_words(client: CheckingClient, user: User) -> None:
    agent = make_agent(make_team())
    client.sign_in(agent)
    conversation = begin(client)
    refused = client.post(path(conversation, "ticket"), data={**FILLED, "requester": "nobody.here"})
    assert refused.status_code == 422
    assert "Nobody has this user name or e-mail address." in refused.text
    client.post(path(conversation, "ticket"), data={**FILLED, "requester": "user.sales"})
    ticket = db.session.scalars(sa.select(Ticket)).one()
    assert (ticket.requester, ticket.opened_by) == (user, agent)


def test_others_open_only_their_own(client: CheckingClient, user: User) -> None:
    other = make_user(username="somebody.else")
    client.sign_in(other)
    conversation = begin(client)
    assert "For whom?" not in client.get(path(conversation, "ticket")).text
    client.post(path(conversation, "ticket"), data={**FILLED, "requester": "user.sales"})
    assert db.session.scalars(sa.select(Ticket.requester_id)).one() == other.id


def test_silence_is_abandoned_not_solved(client: CheckingClient, clock: HeldClock) -> None:
    conversation = begin(client)
    clock.forward(hours=23)
    assert mark_abandoned() == 0
    clock.forward(hours=2)
    assert mark_abandoned() == 1
    db.session.refresh(conversation)
    assert conversation.outcome is Outcome.ABANDONED


def test_what_was_offered_goes_with_the_article(client: CheckingClient, user: User, shelf: list[int]) -> None:
    """Articles are retired and not deleted; should one ever be, no ticket points into the void."""
    client.sign_in(user)
    conversation = begin(client)
    client.post(path(conversation, "ticket"), data=FILLED)
    db.session.execute(sa.delete(KnownArticle).where(KnownArticle.id == shelf[0]))
    for table in (TicketArticle, ConversationArticle):
        assert db.session.scalars(sa.select(table.article_id)).all() == [shelf[1]]
    number = db.session.scalars(sa.select(Ticket.number)).one()
    assert client.get(f"/tickets/{number}").status_code == 200


def test_no_article_is_made_up(app: Flask, user: User, client: CheckingClient) -> None:
    conversation = begin(client)
    db.session.add(ConversationArticle(conversation_id=conversation.id, article_id=999_999, rank=1))
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_too_many_questions_are_slowed_down(client: CheckingClient) -> None:
    answers = [client.post("/ask", data={"text": "Hello"}).status_code for _ in range(25)]
    assert 429 in answers


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("My VPN drops. It is annoying.", "My VPN drops"),
        ("One line\nand more", "One line"),
        ("word " * 40, ("word " * 17).strip() + "…"),
        ("  ", ""),
    ],
)
def test_a_title_is_the_first_sentence(text: str, title: str) -> None:
    assert title_from(text) == title


class TestArticlesWhileTyping:
    WORDS: ClassVar[dict[str, str]] = {"title": "VPN again", "description": "It drops all day"}

    def test_shows_what_fits_and_notes_it_as_shown(self, client: CheckingClient, user: User, shelf: list[int]) -> None:
        client.sign_in(user)
        conversation = begin(client, "Something else")
        assert conversation.articles == []
        answer = client.htmx(path(conversation, "ticket/articles"), method="POST", data=self.WORDS)
        assert answer.status_code == 200
        assert "<html" not in answer.text
        assert "VPN drops at home" in answer.text
        assert "Gateway log for agents" not in answer.text
        assert conversation.use_of(shelf[0]) is ArticleUse.SHOWN

    def test_leaves_out_what_was_rejected(self, client: CheckingClient, user: User, shelf: list[int]) -> None:
        client.sign_in(user)
        conversation = begin(client)
        client.post(path(conversation, f"articles/{shelf[0]}"), data={"use": "rejected"})
        text = client.htmx(path(conversation, "ticket/articles"), method="POST", data=self.WORDS).text
        assert "VPN drops at home" not in text
        assert "Set up remote access" in text

    @pytest.mark.usefixtures("shelf")
    def test_without_the_script_the_form_is_whole_and_keeps_what_was_typed(
        self, client: CheckingClient, user: User
    ) -> None:
        client.sign_in(user)
        conversation = begin(client)
        page = client.get(path(conversation, "ticket")).text
        assert "This may already solve it" not in page
        page = client.post(path(conversation, "ticket/articles"), data=self.WORDS).text
        assert "VPN again" in page
        assert "It drops all day" in page

    def test_is_for_those_who_may_ask(self, client: CheckingClient, user: User) -> None:
        conversation = begin(client)
        assert client.post(path(conversation, "ticket/articles"), data=self.WORDS).status_code == 303
        client.sign_in(user)
        assert client.post("/ask/nonsense/ticket/articles", data=self.WORDS).status_code == 404
