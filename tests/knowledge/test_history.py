"""The life of an article on its page at work: which steps, by whom, why; nothing of what one may not know."""

import pytest

from knowledge.content import ArticleContent
from knowledge.enums import Verdict
from knowledge.models import Article
from knowledge.services.articles import newest_version, publish_version, retire_article, save_version
from knowledge.services.life_cycle import advance_overdue, confirm_article
from knowledge.services.publishing import publish_request
from knowledge.services.reviewing import review_request, submit_request
from portal.core.db import db
from portal.directory.models import User
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article


@pytest.fixture
def people(app: object) -> dict[str, User]:
    roles = {"author": "knowledge_author", "reviewer": "knowledge_reviewer", "owner": "knowledge_owner"}
    return {name: make_user(role, display_name=name.title()) for name, role in roles.items()}


def steps(client: CheckingClient, article: Article) -> str:
    return client.get(f"/articles/{article.id}/work").text.split('id="steps"')[1].split("</section>")[0]


def change(article: Article, words: str, actor: User) -> None:
    save_version(article, ArticleContent(article.title, words, audience=("public",)), actor=actor)


def test_the_way_of_an_article_with_names_and_reasons(client: CheckingClient, people: dict[str, User]) -> None:
    article = make_article("VPN", author=people["author"], owner=people["owner"], review_months=6)
    change(article, "Better", people["author"])
    request = submit_request([article], actor=people["author"])
    review_request(request, actor=people["reviewer"], verdict=Verdict.CHANGES_REQUESTED, note="Which key?")
    change(article, "Best", people["author"])
    review_request(request, actor=people["reviewer"], verdict=Verdict.APPROVED)
    publish_request(request, actor=people["owner"])
    confirm_article(article, actor=people["owner"])
    advance_overdue(article, 3)
    retire_article(article, actor=people["owner"], reason="The machine is gone.")
    db.session.commit()
    client.sign_in(people["owner"])
    told = steps(client, article)
    wanted = [
        "Owner retired it",
        "The machine is gone.",
        "It expired",
        "Owner confirmed that it is still right",
        "Owner published it",
        "Reviewer approved it",
        "Author edited it, so approvals fell away",
        "Reviewer asked for changes",
        "Which key?",
        "Author sent it for review",
        "Author published it",
        "Author wrote it",
    ]
    places = [told.find(words) for words in wanted]
    assert -1 not in places
    assert places == sorted(places), "the newest first"


def test_a_request_with_a_hidden_article_leaves_no_trace(client: CheckingClient, people: dict[str, User]) -> None:
    article, hidden = make_article("Open"), make_article("Hidden", audience=("role:auditor",))
    for one in (article, hidden):
        change(one, "Better", people["owner"])
    submit_request([article, hidden], actor=people["owner"], description="About the board")
    db.session.commit()
    client.sign_in(people["author"])
    assert "sent it for review" not in steps(client, article)


def test_the_number_of_queries_does_not_grow(client: CheckingClient, people: dict[str, User]) -> None:
    article = make_article()
    client.sign_in(people["owner"])
    counts = []
    for number in range(3):
        actor = make_user("knowledge_owner")
        change(article, f"Words {number}", actor)
        publish_version(newest_version(article), actor=actor)
        db.session.commit()
        with count_queries() as counted:
            client.get(f"/articles/{article.id}/work")
        counts.append(len(counted))
    assert counts[1] == counts[-1], counted.statements
