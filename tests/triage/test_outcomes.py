"""What tickets tell the knowledge base: an article solved it, it came back, an agent linked it."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.api import CAME_BACK_WITHIN, Outcome, Usage, record_outcome, usage_of
from knowledge.models import Article
from portal.core.db import db
from portal.directory.models import User
from tests.clock import HeldClock, hold_clock
from tests.factories.directory import make_service, make_team, make_user
from tests.factories.knowledge import make_article
from tests.factories.tickets import bring_to, make_agent, make_category, make_ticket
from triage.assistant.answers import Answer
from triage.assistant.services import begin_conversation, hand_over, judge_article
from triage.classify.services import NOTHING
from triage.tickets import services
from triage.tickets.enums import ArticleUse, Impact, TicketKind, TicketState, Urgency
from triage.tickets.models import Ticket


def usage(article: Article) -> Usage:
    return usage_of([article.id])[article.id]


@pytest.fixture
def person(app: Flask) -> User:
    return make_user()


@pytest.mark.parametrize(("days", "back"), [(0.01, 1), (6.9, 1), (7, 1), (7.01, 0), (30, 0)])
def test_a_ticket_within_seven_days_about_the_same_service_comes_back(
    person: User, clock: HeldClock, days: float, back: int
) -> None:
    service = make_service(key="vpn", owner_team=make_team())
    article = make_article(services=("vpn",))
    record_outcome(article.id, Outcome.SOLVED, user=person)
    clock.forward(days=days)
    make_ticket(requester=person, service=service)
    assert usage(article).came_back == back


def test_an_article_shown_on_the_way_comes_back_whatever_the_ticket_is_about(person: User) -> None:
    article, other = make_article(), make_article()
    for one in (article, other):
        record_outcome(one.id, Outcome.SOLVED, user=person)
    make_ticket(requester=person, articles={article.id: ArticleUse.SHOWN})
    assert (usage(article).came_back, usage(other).came_back) == (1, 0)


def test_somebody_else_or_something_else_does_not_come_back(person: User) -> None:
    team = make_team()
    mail, vpn = make_service(key="mail", owner_team=team), make_service(key="vpn", owner_team=team)
    article = make_article(services=("vpn",))
    record_outcome(article.id, Outcome.SOLVED, user=person)
    make_ticket(service=vpn)
    make_ticket(requester=person, service=mail)
    make_ticket(requester=person, team=team)
    assert usage(article).came_back == 0


def solved_ticket(person: User, article: Article, **values: object) -> Ticket:
    ticket = make_ticket(requester=person, **values)  # type: ignore[arg-type]
    agent = make_agent(ticket.team)
    services.link_article(ticket, article.id, actor=agent)
    bring_to(ticket, TicketState.CLOSED, agent)
    return ticket


def test_a_confirmed_ticket_speaks_for_its_linked_articles(person: User) -> None:
    article = make_article()
    ticket = make_ticket(requester=person)
    agent = make_agent(ticket.team)
    services.link_article(ticket, article.id, actor=agent)
    bring_to(ticket, TicketState.RESOLVED, agent)
    assert usage(article) == Usage(linked=1), "the agent's word is not enough"
    services.confirm_ticket(ticket, actor=person)
    assert usage(article) == Usage(linked=1, solved=1)


def test_a_ticket_of_the_same_category_comes_back(person: User) -> None:
    category, other = make_category(), make_category()
    article = make_article()
    solved_ticket(person, article, category=category)
    make_ticket(requester=person, category=other)
    assert usage(article).came_back == 0
    make_ticket(requester=person, category=category)
    assert usage(article).came_back == 1
    make_ticket(requester=person, category=category)
    assert usage(article).came_back == 1, "one solved comes back once"


def test_a_ticket_that_is_opened_again_comes_back(person: User, clock: HeldClock) -> None:
    article, unrelated = make_article(), make_article()
    record_outcome(unrelated.id, Outcome.SOLVED, user=person)
    ticket = solved_ticket(person, article)
    clock.forward(days=3)
    services.reopen_ticket(ticket, actor=person, reason="Again")
    assert (usage(article).came_back, usage(unrelated).came_back) == (1, 0)
    assert usage(article).good == 0


def test_unlinking_takes_back_what_the_ticket_had_told(person: User) -> None:
    article = make_article()
    ticket = solved_ticket(person, article)
    services.unlink_article(ticket, article.id, actor=make_agent(ticket.team))
    assert usage(article) == Usage()


class TestAssistant:
    def answer(self, article: Article) -> Answer:
        return Answer(article.id, article.title, "/", "")

    def test_the_last_word_of_a_conversation_counts(self, person: User) -> None:
        article = make_article()
        conversation = begin_conversation("It is slow", [self.answer(article)], user=person)
        for use, expected in (
            (ArticleUse.HELPED, Usage(solved=1)),
            (ArticleUse.HELPED, Usage(solved=1)),
            (ArticleUse.REJECTED, Usage(not_solved=1)),
            (ArticleUse.HELPED, Usage(solved=1)),
        ):
            judge_article(conversation, article.id, use, user=person)
            assert usage(article) == expected

    def test_reading_alone_says_nothing(self, person: User) -> None:
        article = make_article()
        conversation = begin_conversation("It is slow", [self.answer(article)], user=person)
        judge_article(conversation, article.id, ArticleUse.OPENED, user=person)
        assert usage(article) == Usage()

    def test_asking_a_person_after_all_takes_it_back_also_when_one_signs_in_only_then(self, person: User) -> None:
        article = make_article()
        make_team()
        conversation = begin_conversation("It is slow", [self.answer(article)], user=None)
        judge_article(conversation, article.id, ArticleUse.HELPED, user=None)
        hand_over(
            conversation,
            actor=person,
            title="Slow",
            description="Still slow",
            kind=TicketKind.INCIDENT,
            impact=Impact.MINOR,
            urgency=Urgency.LOW,
            service=None,
            category=None,
            suggestion=NOTHING,
            answers=[],
        )
        assert usage(article) == Usage(solved=1, came_back=1)
        assert usage(article).good == 0


STEPS = st.lists(
    st.tuples(st.sampled_from(["solved", "not solved", "ticket", "other's ticket", "wait"]), st.integers(0, 9)),
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_each_solved_comes_back_at_most_once_and_only_in_time(app: Flask, steps: list) -> None:  # type: ignore[type-arg]
    with hold_clock() as clock:
        person, other, team = make_user(), make_user(), make_team()
        article = make_article()
        # The model: when the person called it solved, of what has not come back since; one voice a day.
        standing: list[datetime] = []
        expected = 0
        for what, days in steps:
            if what in ("solved", "not solved"):
                outcome = Outcome.SOLVED if what == "solved" else Outcome.NOT_SOLVED
                record_outcome(article.id, outcome, user=person)
                standing = [moment for moment in standing if moment <= clock.now() - timedelta(days=1)]
                standing += [clock.now()] if what == "solved" else []
            elif what == "wait":
                clock.forward(days=days)
            else:
                asking = person if what == "ticket" else other
                make_ticket(requester=asking, team=team, articles={article.id: ArticleUse.SHOWN})
                in_time = any(clock.now() - moment <= CAME_BACK_WITHIN for moment in standing)
                if asking is person and in_time:
                    standing, expected = [], expected + 1
            # Two events of one moment are told apart by a second.
            clock.forward(seconds=1)
        found = usage(article)
        assert found.came_back == expected
        assert found.came_back <= found.solved
        assert 0 <= found.confidence <= (found.success_rate or 0) <= 1
        assert found.judged == found.good + found.not_solved + found.came_back
        db.session.commit()
