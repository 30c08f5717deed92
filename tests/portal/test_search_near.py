"""The search page puts what is near to a signed-in reader a little higher, and says so."""

from flask import Flask

from knowledge.indexing.opening import search_index
from portal.core.db import db
from portal.directory.api import Service
from tests.client import CheckingClient
from tests.factories.directory import make_team, make_user
from tests.factories.knowledge import make_article
from tests.knowledge.tuning.searching import found, index_all


def make_service(name: str, key: str, team_id: int) -> Service:
    service = Service(key=key, name=name, owner_team_id=team_id)
    db.session.add(service)
    db.session.commit()
    return service


def test_services_of_my_team_stand_a_little_higher_for_me_alone(app: Flask, client: CheckingClient) -> None:
    search_index().rebuild(())
    mine, other = make_team(), make_team()
    make_service("Radio", "radio", mine.id)
    make_service("Telephone", "telephone", other.id)
    text = "Open the settings and choose the line."
    make_article("Set up the line", body=text, services=("telephone",))
    make_article("Set up the line again", body=text + " Choose.", services=("radio",))
    index_all()
    assert found(client, "set up line") == ["Set up the line", "Set up the line again"]
    assert "service of yours" not in client.get("/search?q=set+up+line").text
    client.sign_in(make_user("agent", team=mine))
    assert "About a service of yours" in client.get("/search?q=set+up+line").text
