"""Owners say which words mean the same, try it out, and the next search knows it."""

import re

import sqlalchemy as sa
from flask import Flask

from knowledge.tuning.models import SynonymGroup
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article
from tests.knowledge.tuning.searching import found, index_all

NEW = "/knowledge/search/synonyms/new"


def groups() -> list[list[str]]:
    return list(db.session.scalars(sa.select(SynonymGroup.terms).order_by(SynonymGroup.id)))


def actions() -> list[str]:
    query = sa.select(AuditEvent.action).where(AuditEvent.action.like("knowledge.synonyms.%")).order_by(AuditEvent.id)
    return list(db.session.scalars(query))


def test_synonyms_are_tried_saved_changed_and_removed(indexed: Flask, client: CheckingClient) -> None:
    make_article("Set up two-step verification", body="Scan the picture with your telephone.")
    make_article("Order a keyboard", body="Choose one in the catalogue.")
    index_all()
    client.sign_in(make_user("knowledge_owner"))
    assert found(client, "mfa") == []

    words = {"terms": "MFA\ntwo-step verification"}
    tried = client.post(NEW, data=words | {"try": "1"})
    assert tried.status_code == 200
    today, then = re.sub("</?mark>", "", tried.text).split("With this change", 1)
    assert "Set up two-step verification" not in today.split("<h3>Today</h3>")[1]
    assert "Set up two-step verification" in then
    assert groups() == []

    assert client.post(NEW, data=words | {"note": "People say MFA"}).status_code == 303
    assert groups() == [["MFA", "two-step verification"]]
    assert found(client, "mfa") == ["Set up two-step verification"]
    assert found(client, "lost my MFA device")[0] == "Set up two-step verification"

    group = db.session.scalars(sa.select(SynonymGroup)).one()
    path = f"/knowledge/search/synonyms/{group.id}"
    assert "two-step verification" in client.get(path).text
    assert client.post(path, data={"terms": "MFA\nkeyboard"}).status_code == 303
    assert found(client, "mfa") == ["Order a keyboard"]
    assert "MFA = keyboard" in client.get("/knowledge/search/synonyms").text

    assert client.post(f"{path}/remove").status_code == 303
    assert found(client, "mfa") == []
    assert actions() == ["knowledge.synonyms.created", "knowledge.synonyms.changed", "knowledge.synonyms.removed"]


def test_a_word_that_owners_explain_is_not_corrected(indexed: Flask, client: CheckingClient) -> None:
    make_article("Connect by VPN", body="Start the VPN client. VPN VPN VPN.")
    make_article("Virtual desktop", body="Open the virtual desktop in the browser.")
    index_all()
    client.sign_in(make_user("knowledge_owner"))
    client.post(NEW, data={"terms": "vdn\nvirtual desktop"})
    assert found(client, "vdn")[0] == "Virtual desktop"


def test_wrong_groups_are_refused_and_nothing_changes(client: CheckingClient) -> None:
    client.sign_in(make_user("knowledge_owner"))
    client.post(NEW, data={"terms": "laptop\nnotebook"})
    for terms, words in (
        ("", "at least two"),
        ("laptop", "at least two"),
        ("Phone\nphone", "at least two"),
        ("tower\nLAPTOP", "another group"),
        ("the\ncomputer", "no word that a search looks for"),
        ("\n".join(f"word{n}" for n in range(13)), "at most 12"),
        (f"short\n{'long' * 30}", "too long"),
    ):
        for act in ({}, {"try": "1"}):
            answer = client.post(NEW, data={"terms": terms} | act)
            assert (answer.status_code, words in answer.text) == (422, True), terms
    assert groups() == [["laptop", "notebook"]]
    assert actions() == ["knowledge.synonyms.created"]


def test_saving_without_a_change_tells_nothing(client: CheckingClient) -> None:
    client.sign_in(make_user("knowledge_owner"))
    client.post(NEW, data={"terms": "laptop\nnotebook"})
    group = db.session.scalars(sa.select(SynonymGroup)).one()
    client.post(f"/knowledge/search/synonyms/{group.id}", data={"terms": "laptop\nnotebook"})
    assert actions() == ["knowledge.synonyms.created"]


def test_only_owners_change_synonyms(client: CheckingClient) -> None:
    pages = (NEW, "/knowledge/search/synonyms/1", "/knowledge/search/synonyms", "/knowledge/search")
    for path in pages:
        assert client.get(path).status_code == 302 or client.get(path).location.startswith("/sign-in"), path
    client.sign_in(make_user())
    for path in pages:
        assert client.get(path).status_code == 403, path
    assert client.post(NEW, data={"terms": "a1\nb1"}).status_code == 403
    client.sign_in(make_user("knowledge_reviewer"))
    assert client.get("/knowledge/search/synonyms").status_code == 200
    assert client.get(NEW).status_code == 403
    assert client.post("/knowledge/search/synonyms/1/remove").status_code == 403
    client.sign_in(make_user("knowledge_owner"))
    assert client.get("/knowledge/search/synonyms/999").status_code == 404
    assert client.post("/knowledge/search/synonyms/999/remove").status_code == 404
    assert groups() == []


def test_the_list_takes_the_same_number_of_queries_however_long(client: CheckingClient) -> None:
    client.sign_in(make_user("knowledge_owner"))
    client.post(NEW, data={"terms": "laptop\nnotebook"})
    client.get("/knowledge/search/synonyms")
    with count_queries() as one:
        client.htmx("/knowledge/search/synonyms")
    for number in range(3):
        client.post(NEW, data={"terms": f"alpha{number}\nbeta{number}"})
    with count_queries() as four:
        answer = client.htmx("/knowledge/search/synonyms")
    assert len(one) == len(four)
    assert "<html" not in answer.text
    assert "alpha2 = beta2" in answer.text
