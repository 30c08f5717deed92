"""The public page as a passer-by reads it."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.core.db import db
from status_page.enums import IncidentState
from status_page.services.components import set_own_state
from status_page.services.dependencies import add_dependency
from status_page.services.updates import Draft, correct_update, post_update
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.status_page import DEGRADED, MAJOR, make_component, make_group, make_incident, make_maintenance


def read(client: CheckingClient, path: str = "/status/en/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def test_all_systems_work(app: Flask, client: CheckingClient) -> None:
    make_component("Mail")
    text = read(client)
    assert "All systems work" in text and "Nothing to report" in text
    assert "Set-Cookie" not in client.get("/status/en/").headers


def test_nothing_is_listed_yet(app: Flask, client: CheckingClient) -> None:
    assert "No service is listed yet" in read(client)


def test_one_sentence_says_what_is_broken_since_when_and_when_there_is_more(
    app: Flask, client: CheckingClient, clock: HeldClock
) -> None:
    make_incident(make_component("Mail"), title="Mail cannot be sent")
    text = read(client)
    assert "Mail is down" in text and "Mail cannot be sent" in text
    assert "Since <time" in text and "Next update by <time" in text
    clock.forward(hours=2)
    assert "Next update by" not in read(client)


def test_dependency_is_named_as_the_reason(app: Flask, client: CheckingClient) -> None:
    network, vpn = make_component("Network"), make_component("VPN")
    add_dependency(vpn, network, actor=None)
    set_own_state(network, MAJOR, actor=None)
    assert "Because Network does not work as it should" in read(client)


def test_private_component_is_not_on_any_page(app: Flask, client: CheckingClient) -> None:
    secret = make_component("Vault", audience=("agents",), key="vault")
    make_incident(secret, title="Vault sealed")
    make_component("Mail")
    month = "history.html"
    for path in ("", "maintenance.html", month, "feed.atom", "feed.rss", "feed.json", "maintenance.ics", "badge.svg"):
        assert "Vault" not in read(client, f"/status/en/{path}")
    for name in ("summary", "components", "incidents", "incidents/unresolved", "scheduled-maintenances"):
        assert "Vault" not in read(client, f"/api/v2/{name}.json")
    assert client.get("/status/en/component-vault.html").status_code == 404
    assert "1 service watched" in read(client)


def test_each_language_has_its_own_words(app: Flask, client: CheckingClient) -> None:
    mail = make_component("Mail", translations={"de": {"name": "E-Mail"}})
    incident = make_incident(
        mail, title="Mail is slow", impact=DEGRADED, translations={"de": {"body": "Wir suchen die Ursache."}}
    )
    incident.translations = {"de": {"title": "E-Mail ist langsam"}}
    text = read(client, "/status/de/")
    assert "E-Mail ist langsam" in text and "Wir suchen die Ursache." in text and 'lang="de"' in text
    assert "Wir suchen" not in read(client)


def test_visitor_is_led_to_their_language(app: Flask, client: CheckingClient) -> None:
    response = client.get("/status", headers={"Accept-Language": "de-CH, en;q=0.5"})
    assert response.status_code in (302, 303) and response.headers["Location"].endswith("/status/de/")


def test_incident_page_tells_the_whole_story(app: Flask, client: CheckingClient, clock: HeldClock) -> None:
    mail = make_component("Mail")
    incident = make_incident(
        mail, title="Mail", body="First <b>words</b>\n& more\n\nSecond", happened_at=clock.now() - timedelta(hours=1)
    )
    clock.forward(minutes=5)
    post_update(incident, Draft(IncidentState.RESOLVED, "It works"), actor=make_user())
    correct_update(
        incident.updates[0], actor=make_user(), body="First <b>words</b>\n& more\n\nSecond", reason="Wrong name"
    )
    text = read(client, f"/status/en/incident-{incident.public_id}.html")
    assert "First &lt;b&gt;words&lt;/b&gt;<br>&amp; more</p><p>Second" in text
    assert "Entered later" in text and "Wrong name" in text
    assert text.index("It works") < text.index("First")
    assert "Mail: Down" in text and "Mail: Works" in text
    assert incident.public_id in read(client, "/status/en/history.html")
    assert client.get("/status/en/incident-000000000000.html").status_code == 404


def test_archive_goes_month_by_month(app: Flask, client: CheckingClient, clock: HeldClock) -> None:
    mail = make_component("Mail")
    old = make_incident(mail, title="Old", state=IncidentState.RESOLVED, happened_at=clock.now() - timedelta(days=60))
    make_incident(mail, title="New", state=IncidentState.RESOLVED)
    text = read(client, "/status/en/history.html")
    assert "New" in text and "Old" not in text and "history-2026-01.html" in text
    assert old.public_id in read(client, "/status/en/history-2026-01.html")


def test_planned_work_stands_on_page_and_calendar(app: Flask, client: CheckingClient) -> None:
    make_maintenance(make_component("Mail"), title="New disks")
    assert "New disks" in read(client)
    assert "New disks" in read(client, "/status/en/maintenance.html")


def test_component_page_lists_the_bad_days(app: Flask, client: CheckingClient, clock: HeldClock) -> None:
    mail = make_component("Mail", observed_since=clock.now() - timedelta(days=30))
    make_incident(mail, happened_at=clock.now() - timedelta(hours=2))
    text = read(client, "/status/en/component-mail.html")
    assert "Down, 2 h 0 min" in text and "99.7" in text


@pytest.mark.parametrize("count", [12, 500])
def test_page_stays_under_100_kb(app: Flask, client: CheckingClient, clock: HeldClock, count: int) -> None:
    group = make_group("Everything")
    for _ in range(count):
        component = make_component(group_id=group.id, observed_since=clock.now() - timedelta(days=90))
    for hour in range(12):
        make_incident(component, happened_at=clock.now() - timedelta(hours=30 * hour))
    size = len(client.get("/status/en/").get_data()) + len(client.get("/status/status.css").get_data())
    assert size < 100_000 * (1 if count < 100 else 2)


def test_number_of_queries_does_not_grow(app: Flask, client: CheckingClient) -> None:
    def queries() -> int:
        db.session.commit()
        db.session.expunge_all()
        with count_queries() as counted:
            read(client)
        return len(counted)

    make_incident(make_component())
    with_one = queries()
    for _ in range(3):
        make_incident(make_component(), make_component())
    assert queries() == with_one


@pytest.mark.parametrize(
    "path", ["/status/en/nothing.html", "/status/../secrets", "/status/fr/", "/api/v2/nothing.json"]
)
def test_what_is_not_there_is_not_found(app: Flask, client: CheckingClient, path: str) -> None:
    assert client.get(path).status_code == 404
