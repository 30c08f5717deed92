"""Pages for those who manage sections: who answers, who reads, what a change needs."""

from typing import Any

import pytest
import sqlalchemy as sa

from knowledge.enums import Verdict
from knowledge.models import ChangeRequest, Section
from knowledge.services.policy import policy_of
from knowledge.services.publishing import publish_request
from knowledge.services.reviewing import possible_reviewers, review_request, submit_request
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.core.errors import NotAllowed
from portal.directory.api import Membership, Team, User
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_team, make_user
from tests.factories.knowledge import make_article, make_section


@pytest.fixture
def owner(client: CheckingClient) -> User:
    user = make_user("knowledge_owner", display_name="Olga Owner")
    client.sign_in(user)
    return user


def fields(section: Section | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "name": section.name if section else "Mail",
        "description": "",
        "parent_id": (section.parent_id or 0) if section else 0,
        "position": "0",
        "owner_team_id": (section.owner_team_id or 0) if section else 0,
        "min_approvals": "",
        "approver_team_id": "0",
        "publisher_team_id": "0",
        "review_months": "",
        **changes,
    }


def events(section: Section) -> list[str]:
    query = sa.select(AuditEvent.action).where(AuditEvent.subject_type == "section")
    return [action for action in db.session.scalars(query.order_by(AuditEvent.id)) if section.id]


def join(team: Team, *people: User) -> None:
    db.session.add_all(Membership(team_id=team.id, user_id=person.id) for person in people)
    db.session.commit()


def in_review(section: Section) -> ChangeRequest:
    article = make_article(section=section, published=False, author=make_user("knowledge_author"))
    author = make_user("knowledge_author")
    request = submit_request([article], actor=author)
    db.session.commit()
    return request


def test_the_list_shows_the_tree_with_a_constant_number_of_queries(client: CheckingClient, owner: User) -> None:
    top = make_section("Mail")
    counts = []
    for _ in range(2):
        make_article(section=make_section(parent=top))
        with count_queries() as counted:
            text = client.get("/knowledge/sections").text
        counts.append(len(counted))
    assert ("Mail" in text, "as above" in text) == (True, True)
    assert counts[0] == counts[1], counted.statements


def test_a_section_is_added_with_its_policy(client: CheckingClient, owner: User) -> None:
    team = make_team("Messaging")
    sent = fields(min_approvals="2", owner_team_id=team.id, approver_team_id=team.id, audience=["agents"])
    assert client.post("/knowledge/sections/new", data=sent).headers["Location"] == "/knowledge/sections"
    section = db.session.scalars(sa.select(Section)).one()
    assert (section.min_approvals, section.owner_team_id, set(section.tokens)) == (2, team.id, {"agents"})
    assert policy_of(section).approver_teams == {team.id}
    assert events(section) == ["knowledge.section.created", "knowledge.section.changed"]


def test_the_effect_is_told_before_it_is_saved(client: CheckingClient, owner: User) -> None:
    section = make_section("Mail")
    for _ in range(3):
        in_review(section)
    path = f"/knowledge/sections/{section.id}"
    reviewers = [make_user("knowledge_reviewer") for _ in range(2)]
    for request in db.session.scalars(sa.select(ChangeRequest)):
        review_request(request, actor=reviewers[0], verdict=Verdict.APPROVED)
    db.session.commit()
    told = client.htmx(f"{path}/effect", method="POST", data=fields(section, min_approvals="2")).text
    assert "3 open reviews will need one more approval" in told
    assert "<html" not in told
    whole = client.post(path, data=fields(section, min_approvals="9", preview="1")).text
    assert "That is too few: nothing could be published." in whole
    assert section.min_approvals is None
    assert client.post(path, data=fields(section, min_approvals="2")).status_code == 303
    assert section.min_approvals == 2


def test_only_the_named_teams_approve_and_publish(client: CheckingClient, owner: User) -> None:
    section, approvers, publishers = make_section("Mail"), make_team(), make_team()
    inside, outside = make_user("knowledge_reviewer"), make_user("knowledge_reviewer")
    join(approvers, inside)
    named = fields(section, approver_team_id=approvers.id, publisher_team_id=publishers.id)
    assert client.post(f"/knowledge/sections/{section.id}", data=named).status_code == 303
    request = in_review(make_section(parent=section))
    assert possible_reviewers([request.items[0].article]) == [inside]
    with pytest.raises(NotAllowed):
        review_request(request, actor=outside, verdict=Verdict.APPROVED)
    review_request(request, actor=inside, verdict=Verdict.APPROVED)
    publisher = make_user("knowledge_owner")
    with pytest.raises(NotAllowed):
        publish_request(request, actor=publisher)
    join(publishers, publisher)
    publisher.forget_rights()
    publish_request(request, actor=publisher)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Give the section a name"),
        ({"min_approvals": "10"}, "between 0 and 9"),
        ({"audience": ["everybody"]}, "valid choice"),
        ({"parent_id": "below"}, "Not a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(
    client: CheckingClient, owner: User, changes: dict[str, Any], words: str
) -> None:
    section = make_section("Mail")
    below = make_section("Below", parent=section)
    if changes.get("parent_id") == "below":
        changes = {"parent_id": str(below.id)}
    answer = client.post(f"/knowledge/sections/{section.id}", data=fields(section, min_approvals="3") | changes)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert (section.name, section.min_approvals, section.parent_id) == ("Mail", None, None)


def test_a_closing_that_leaves_an_article_without_readers_is_refused(client: CheckingClient, owner: User) -> None:
    section = make_section("Mail")
    make_article("For finance", section=section, audience=("role:auditor",))
    answer = client.post(f"/knowledge/sections/{section.id}", data=fields(section, audience=["role:incident_manager"]))
    assert (answer.status_code, "Nobody could read" in answer.text) == (422, True)
    assert section.tokens == {"public"}


def test_only_an_empty_section_is_removed(client: CheckingClient, owner: User) -> None:
    section, empty = make_section("Mail"), make_section("Empty")
    make_article(section=section)
    refused = client.post(f"/knowledge/sections/{section.id}/remove")
    assert (refused.status_code, "still holds 1 articles" in refused.text) == (422, True)
    assert client.post(f"/knowledge/sections/{empty.id}/remove").status_code == 303
    assert db.session.scalars(sa.select(Section.name)).all() == ["Mail"]
    assert "knowledge.section.removed" in db.session.scalars(sa.select(AuditEvent.action)).all()


@pytest.mark.parametrize("path", ["/knowledge/sections", "/knowledge/sections/new", "/knowledge/sections/{}"])
def test_who_may_manage_sections(client: CheckingClient, path: str) -> None:
    section = make_section(owner_team=make_team())
    path = path.format(section.id)
    assert "/sign-in" in client.get(path).headers["Location"]
    client.sign_in(make_user("knowledge_author"))
    assert client.get(path).status_code == 403
    client.sign_in(make_user("knowledge_owner", team=make_team()))
    assert client.get(path).status_code == (404 if path.endswith(str(section.id)) else 200)
    assert section.name not in client.get("/knowledge/sections").text


def test_whoever_manages_one_team_cannot_give_a_section_away(client: CheckingClient) -> None:
    mine, other = make_team(), make_team()
    section = make_section(owner_team=mine)
    client.sign_in(make_user("knowledge_owner", team=mine))
    path = f"/knowledge/sections/{section.id}"
    assert client.post(path, data=fields(section, owner_team_id=other.id)).status_code == 403
    assert section.owner_team_id == mine.id
