"""What is known to be broken stands in the ticket form: "me too" spares a ticket."""

from flask import Flask

from portal.core.db import db
from status_page.models import AffectedPerson, Incident
from tests.client import CheckingClient
from tests.factories.directory import make_service, make_user
from tests.factories.status_page import make_component, make_incident


def known(audience: tuple[str, ...] = ("public",)) -> Incident:
    service = make_service(name="VPN", keywords=["vpn", "tunnel"])
    return make_incident(make_component("VPN", service_id=service.id, audience=audience), title="VPN <down>")


def ticket_form(client: CheckingClient) -> str:
    answer = client.post("/ask", data={"text": "The vpn tunnel drops, vpn is gone"})
    return f"{answer.headers['Location']}/ticket"


def test_known_trouble_stands_in_the_ticket_form_and_counts_people_in(app: Flask, client: CheckingClient) -> None:
    incident, user = known(), make_user()
    client.sign_in(user)
    path = ticket_form(client)
    text = client.get(path).get_data(as_text=True)
    assert "VPN &lt;down&gt;" in text and "We are looking into it." in text
    join = path.replace("/ticket", f"/incidents/{incident.id}")
    for _ in range(2):
        assert client.post(join).status_code == 303
    db.session.expire_all()
    assert incident.affected_people == 1
    assert db.session.get(AffectedPerson, (incident.id, user.id)) is not None


def test_private_trouble_is_neither_shown_nor_joined(app: Flask, client: CheckingClient) -> None:
    incident = known(audience=("agents",))
    client.sign_in(make_user())
    path = ticket_form(client)
    assert "VPN &lt;down&gt;" not in client.get(path).get_data(as_text=True)
    assert client.post(path.replace("/ticket", f"/incidents/{incident.id}")).status_code == 404
    db.session.expire_all()
    assert incident.affected_people == 0


def test_joining_needs_a_person(app: Flask, client: CheckingClient) -> None:
    incident = known()
    path = ticket_form(client)
    assert client.post(path.replace("/ticket", f"/incidents/{incident.id}")).status_code == 303
    db.session.expire_all()
    assert incident.affected_people == 0
