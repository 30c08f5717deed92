"""What the rest of the portal asks of the status page."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.exceptions import NotFound

from portal.core.db import db
from status_page.api import list_maintenance_windows, me_too, open_incidents_for, status_line
from status_page.enums import ComponentState, IncidentState, SubscriberState
from status_page.models import Subscriber, SubscriberIncident
from status_page.permissions import PUBLIC
from status_page.services.clockwork import do_what_is_due
from status_page.services.components import override_state
from status_page.services.dependencies import add_dependency
from status_page.services.maintenance import cancel_maintenance
from status_page.services.refusals import AlreadyOver
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.directory import make_service, make_user
from tests.factories.status_page import DEGRADED, make_component, make_incident, make_maintenance


def test_open_incident_of_a_service_and_of_what_it_needs(app: Flask) -> None:
    vpn, network, mail = make_service("VPN"), make_service("Network"), make_service("Mail")
    on_page = make_component("VPN", service_id=vpn.id)
    needed = make_component("Network", service_id=network.id)
    make_component("Mail", service_id=mail.id)
    add_dependency(on_page, needed, actor=None)
    incident = make_incident(needed, title="Switch broken")
    make_incident(needed, title="Over", state=IncidentState.RESOLVED)
    make_incident(on_page, title="Secret", audience=("agents",))
    [found] = open_incidents_for([vpn.id, mail.id], PUBLIC)
    assert (found.id, found.title, found.service_ids) == (incident.id, "Switch broken", frozenset({vpn.id}))
    assert open_incidents_for([mail.id], PUBLIC) == []
    assert open_incidents_for([], PUBLIC) == []


def test_open_incidents_take_the_same_number_of_queries(app: Flask) -> None:
    services = [make_service() for _ in range(4)]
    components = [make_component(service_id=service.id) for service in services]

    def queries() -> int:
        db.session.commit()
        db.session.expunge_all()
        with count_queries() as counted:
            open_incidents_for([service.id for service in services], PUBLIC)
        return len(counted)

    make_incident(components[0])
    with_one = queries()
    for component in components:
        make_incident(component)
    assert queries() == with_one


def test_me_too_counts_each_person_once_and_lets_them_hear_of_it(app: Flask) -> None:
    incident = make_incident(make_component())
    user = make_user(locale="de")
    assert me_too(incident.id, user) == 1
    assert me_too(incident.id, user) == 1
    assert me_too(incident.id, make_user()) == 2
    subscriber = db.session.scalars(sa.select(Subscriber).where(Subscriber.user_id == user.id)).one()
    assert (subscriber.state, subscriber.whole_page, subscriber.locale) == (SubscriberState.ACTIVE, False, "de")
    assert db.session.get(SubscriberIncident, (subscriber.id, incident.id)) is not None


def test_me_too_needs_an_open_incident_the_person_may_see(app: Flask) -> None:
    user = make_user()
    over = make_incident(make_component(), state=IncidentState.RESOLVED)
    with pytest.raises(AlreadyOver):
        me_too(over.id, user)
    secret = make_incident(make_component(), audience=("agents",))
    with pytest.raises(NotFound):
        me_too(secret.id, user)


def test_status_line_is_one_query_and_says_the_worst(app: Flask, clock: HeldClock) -> None:
    mail, vpn = make_component("Mail", translations={"de": {"name": "E-Mail"}}), make_component("VPN")
    assert status_line(PUBLIC).state == "ok"
    make_maintenance(vpn, starts_in=timedelta(minutes=-1))
    do_what_is_due()
    assert status_line(PUBLIC).state == "notice"
    make_incident(vpn, impact=DEGRADED)
    make_incident(mail)
    db.session.commit()
    with count_queries() as counted:
        line = status_line(PUBLIC)
    assert (len(counted), line.state, line.text, line.url) == (1, "bad", "Mail is down", "/status/en/")
    override_state(mail, ComponentState.OPERATIONAL, actor=make_user(), reason="Second line")
    assert status_line(PUBLIC).text == "VPN is slow or unreliable"


def test_status_line_keeps_what_is_private(app: Flask) -> None:
    make_incident(make_component("Vault", audience=("agents",)))
    make_incident(make_component("Mail"), audience=("agents",))
    assert status_line(PUBLIC).state == "ok"
    assert status_line({"public", "agents"}).text == "Mail and Vault are down"


def test_line_stands_on_the_pages_of_the_portal(app: Flask, client: CheckingClient) -> None:
    assert "status-line" not in client.get("/about").get_data(as_text=True)
    make_incident(make_component("Mail"))
    assert "Mail is down" in client.get("/about").get_data(as_text=True)


def test_windows_for_service_levels(app: Flask, clock: HeldClock) -> None:
    service = make_service()
    component = make_component(service_id=service.id)
    start = clock.now()
    work = make_maintenance(component)
    off = make_maintenance(component, starts_in=timedelta(hours=5))
    assert len(list_maintenance_windows(service.id, start, start + timedelta(days=1))) == 2
    cancel_maintenance(off, actor=make_user(), body="No")
    [(first, last)] = list_maintenance_windows(service.id, start, work.windows[0].starts_at + timedelta(minutes=20))
    assert (first, last - first) == (work.windows[0].starts_at, timedelta(minutes=20))
    assert list_maintenance_windows(make_service().id, start, start + timedelta(days=1)) == []
