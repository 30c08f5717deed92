"""Who hears what: asked first, told once, and gone with one click."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core import clock as portal_clock
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.core.outbox.enums import Channel
from portal.core.outbox.models import OutboxMessage
from portal.core.outgoing import OutgoingRefused, check_address
from status_page.api import me_too
from status_page.enums import Event, IncidentState, SubscriberChannel, SubscriberState
from status_page.fan_out import queue_batch, queue_open_broadcasts
from status_page.models import Broadcast, Incident, Subscriber, SubscriberComponent, SubscriberIncident
from status_page.services.subscribers import subscribe, tend_subscribers
from status_page.services.updates import Draft, post_update
from status_page.tokens import token_of
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.status_page import make_component, make_incident

EMAIL = SubscriberChannel.EMAIL


def make_subscriber(address: str, channel: SubscriberChannel = EMAIL, **values: Any) -> Subscriber:
    values = {"state": SubscriberState.ACTIVE, "nonce": "n", "confirmed_at": portal_clock.now()} | values
    subscriber = Subscriber(channel=channel, address=address, **values)
    db.session.add(subscriber)
    db.session.commit()
    return subscriber


def told() -> list[str]:
    db.session.commit()
    queue_open_broadcasts()
    query = sa.select(OutboxMessage.recipient).where(OutboxMessage.about_type == "status_update")
    return sorted(db.session.scalars(query))


def messages(recipient: str) -> list[OutboxMessage]:
    db.session.expire_all()
    query = sa.select(OutboxMessage).where(OutboxMessage.recipient == recipient).order_by(OutboxMessage.id)
    return list(db.session.scalars(query))


def link_in(message: OutboxMessage, part: str) -> str:
    start = message.body_text.index(f"/status/{part}/")
    return message.body_text[start:].split()[0]


def ask(client: CheckingClient, address: str, **values: Any) -> int:
    form = {"channel": "email", "address": address, "extent": "all", "locale": "de"} | values
    return client.post("/status/subscribe", data=form).status_code


def test_double_opt_in_by_e_mail(app: Flask, client: CheckingClient) -> None:
    assert client.get("/status/subscribe?lang=de").status_code == 200
    assert ask(client, "Reader@Portico.example") == 303
    [question] = messages("reader@portico.example")
    subscriber = db.session.scalars(sa.select(Subscriber)).one()
    assert (subscriber.state, subscriber.locale) == (SubscriberState.PENDING, "de")
    link = link_in(question, "confirm")
    assert client.get(link).status_code == 200
    db.session.expire_all()
    assert subscriber.state == SubscriberState.PENDING, "looking at the link must not confirm"
    make_incident(make_component())
    assert told() == []
    assert client.post(link).status_code == 303
    make_incident(make_component())
    assert "reader@portico.example" in told()


def test_address_is_asked_once_in_a_while_and_nobody_learns_who_is_subscribed(
    app: Flask, client: CheckingClient, clock: HeldClock
) -> None:
    make_subscriber("known@portico.example")
    assert ask(client, "known@portico.example") == 303
    assert messages("known@portico.example") == []
    for _ in range(3):
        assert ask(client, "new@portico.example") == 303
    assert len(messages("new@portico.example")) == 1
    clock.forward(minutes=11)
    ask(client, "new@portico.example")
    assert len(messages("new@portico.example")) == 2


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"address": ""}, "Enter an address"),
        ({"address": "nobody"}, "not an e-mail address"),
        ({"extent": "some"}, "Choose at least one service"),
        ({"channel": "webhook", "address": "http://127.0.0.1/x"}, "private network"),
        ({"channel": "slack", "address": "ftp://portico.example"}, "begins with https://"),
        ({"channel": "pigeon"}, "Not a valid choice"),
    ],
)
def test_wrong_wishes_are_shown_again(
    app: Flask, client: CheckingClient, values: dict[str, str], sentence: str
) -> None:
    form = {"channel": "email", "address": "kept@portico.example", "extent": "all", "locale": "en"} | values
    response = client.post("/status/subscribe", data=form)
    assert response.status_code == 422 and sentence in response.get_data(as_text=True)
    assert db.session.scalars(sa.select(Subscriber)).all() == []


def test_forged_and_used_up_links_are_not_found(app: Flask, client: CheckingClient) -> None:
    subscriber = make_subscriber("a@portico.example")
    token = token_of(subscriber.id, "n")
    path = f"/status/subscription/{token}"
    assert client.get(path).status_code == 200
    assert client.post(f"{path}/leave").status_code == 303
    for dead in (path, f"/status/subscription/{token[:-2]}xx", "/status/subscription/x", f"/status/confirm/{token}"):
        assert client.get(dead).status_code == 404
    assert client.post(f"/status/leave/{token}").status_code == 404
    assert client.get(f"/status/subscription/{token_of(9999, 'n')}").status_code == 404
    db.session.expire_all()
    assert subscriber.state == SubscriberState.LEFT


def test_one_click_leaving_needs_no_page_and_no_cookie(app: Flask, client: CheckingClient) -> None:
    subscriber = make_subscriber("a@portico.example")
    make_incident(make_component())
    told()
    [message] = messages("a@portico.example")
    path = message.headers["leave"].removeprefix("http://localhost")
    client.csrf = False
    assert client.get(path).status_code == 303
    response = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert response.status_code == 204
    db.session.expire_all()
    assert subscriber.state == SubscriberState.LEFT


def test_choice_is_kept_and_changed_by_the_link(app: Flask, client: CheckingClient) -> None:
    mail, vpn = make_component("Mail"), make_component("VPN")
    subscriber = make_subscriber("a@portico.example")
    path = f"/status/subscription/{token_of(subscriber.id, 'n')}"
    form = {"extent": "some", "components": [str(mail.id)], "locale": "en"}
    assert client.post(path, data=form | {"components": []}).status_code == 422
    assert client.post(path, data=form | {"components": ["9999"]}).status_code == 422
    assert client.post(path, data=form).status_code == 303
    make_incident(vpn)
    assert told() == []
    make_incident(mail)
    assert told() == ["a@portico.example"]


def test_components_made_later_come_along_where_chosen(app: Flask, clock: HeldClock) -> None:
    make_subscriber("with@portico.example", whole_page=False, includes_new=True)
    make_subscriber("without@portico.example", whole_page=False)
    clock.forward(minutes=1)
    make_incident(make_component("New"))
    assert told() == ["with@portico.example"]


def test_everybody_is_told_once_also_after_a_worker_was_killed(app: Flask) -> None:
    addresses = sorted(f"reader{number}@portico.example" for number in range(25))
    for address in addresses:
        make_subscriber(address)
    make_incident(make_component())
    db.session.commit()
    broadcast = db.session.scalars(sa.select(Broadcast)).one()
    assert queue_batch(broadcast.id, size=10)
    db.session.expunge_all()
    assert told() == addresses
    assert told() == addresses
    db.session.expire_all()
    broadcast = db.session.scalars(sa.select(Broadcast)).one()
    assert (broadcast.recipients, broadcast.finished_at is not None) == (25, True)


def test_queueing_takes_few_queries_whatever_the_number_of_subscribers(app: Flask) -> None:
    def queries() -> int:
        make_incident(make_component())
        db.session.commit()
        db.session.expunge_all()
        with count_queries() as counted:
            queue_open_broadcasts()
        return len(counted)

    make_subscriber("a@portico.example")
    queries()
    with_one = queries()
    for number in range(3):
        make_subscriber(f"{number}@portico.example")
    assert queries() == with_one


def test_message_is_in_the_language_of_the_reader_and_says_all(app: Flask) -> None:
    make_subscriber("en@portico.example")
    make_subscriber("de@portico.example", locale="de")
    mail = make_component("Mail", translations={"de": {"name": "E-Mail"}})
    make_incident(mail, title="Mail is down", body="We <look>.", translations={"de": {"body": "Wir suchen."}})
    told()
    [english], [german] = messages("en@portico.example"), messages("de@portico.example")
    assert english.subject == "Investigating: Mail is down"
    assert "We <look>." in english.body_text and "Mail: Down" in english.body_text
    assert "We &lt;look&gt;." in english.body_html and "@@" not in english.body_html + english.body_text
    assert "Wir suchen." in german.body_text and "E-Mail:" in german.body_text
    assert link_in(english, "subscription") != link_in(german, "subscription")


def test_internal_incident_is_told_to_those_who_may_read_it(app: Flask) -> None:
    agent, person = make_user("agent"), make_user()
    make_subscriber(agent.email, user_id=agent.id)
    make_subscriber(person.email, user_id=person.id)
    make_subscriber("outside@portico.example")
    make_incident(make_component("Vault", audience=("agents",)), audience=("agents",))
    assert told() == [agent.email]
    assert "Vault: Down" in messages(agent.email)[0].body_text


def test_private_component_is_not_named_to_outsiders(app: Flask) -> None:
    make_subscriber("outside@portico.example")
    make_subscriber("hook", SubscriberChannel.WEBHOOK)
    make_incident(make_component("Vault", audience=("agents",)), make_component("Mail"))
    told()
    assert "Vault" not in messages("outside@portico.example")[0].body_text
    assert "Vault" not in messages("hook")[0].body_text


def test_me_too_hears_of_that_incident_alone(app: Flask, clock: HeldClock) -> None:
    mail = make_component("Mail")
    incident, user = make_incident(mail), make_user()
    told()
    clock.forward(minutes=1)
    me_too(incident.id, user)
    clock.forward(minutes=1)
    make_incident(mail)
    assert told() == []
    incident = db.session.get_one(Incident, incident.id)
    post_update(incident, Draft(IncidentState.RESOLVED, "It works."), actor=None)
    assert told() == [user.email]


def test_webhook_document_is_versioned_and_chat_has_its_format(app: Flask) -> None:
    for channel in (SubscriberChannel.WEBHOOK, SubscriberChannel.SLACK, SubscriberChannel.TEAMS):
        make_subscriber(f"https://hooks.portico.example/{channel}", channel)
    make_incident(make_component("Mail"), title="Mail <down> & out")
    told()
    found = {row.recipient.rsplit("/")[-1]: row for row in db.session.scalars(sa.select(OutboxMessage))}
    assert {row.channel for row in found.values()} == {Channel.WEBHOOK}
    document = json.loads(found["webhook"].body_text)
    assert (document["version"], document["event"]) == (1, "incident.investigating")
    assert document["incident"]["components"][0]["status"] == "major_outage"
    assert "&lt;down&gt; &amp; out" in json.loads(found["slack"].body_text)["blocks"][0]["text"]["text"]
    card = json.loads(found["teams"].body_text)["attachments"][0]["content"]
    assert card["type"] == "AdaptiveCard" and card["body"][0]["text"].endswith("Mail <down> & out")


def test_address_that_never_said_yes_is_forgotten(app: Flask, client: CheckingClient, clock: HeldClock) -> None:
    ask(client, "quiet@portico.example")
    clock.forward(days=3)
    tend_subscribers()
    db.session.commit()
    assert db.session.scalars(sa.select(Subscriber)).all() == []


def test_address_is_asked_three_times_a_day_at_most(app: Flask, clock: HeldClock) -> None:
    for _ in range(6):
        subscribe(EMAIL, "stranger@portico.example", locale="en")
        db.session.commit()
        clock.forward(minutes=15)
    assert len(messages("stranger@portico.example")) == 3
    clock.forward(days=1)
    subscribe(EMAIL, "stranger@portico.example", locale="en")
    db.session.commit()
    assert len(messages("stranger@portico.example")) == 4


def test_leaving_ends_everything_and_forgets_the_address(app: Flask, client: CheckingClient, clock: HeldClock) -> None:
    incident, user = make_incident(make_component("Mail")), make_user()
    me_too(incident.id, user)
    db.session.commit()
    subscriber = db.session.scalars(sa.select(Subscriber)).one()
    token = token_of(subscriber.id, subscriber.nonce)
    assert client.post(f"/status/subscription/{token}/leave").status_code == 303
    db.session.expire_all()
    assert db.session.scalars(sa.select(SubscriberIncident)).all() == []
    clock.forward(days=3)
    tend_subscribers()
    db.session.commit()
    assert db.session.scalars(sa.select(Subscriber)).all() == []
    trail = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == Event.SUBSCRIBER_LEFT)).one()
    assert user.email not in f"{trail.subject_label} {trail.before} {trail.after}"


def test_too_many_wishes_from_one_address_are_slowed_down(app: Flask, client: CheckingClient) -> None:
    answers = [ask(client, f"a{number}@portico.example") for number in range(12)]
    assert answers[0] == 303 and answers[-1] == 429


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:5432/",
        "https://10.1.2.3/hook",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/",
        "http://0x7f000001/",
        "http://2130706433/",
        "file:///etc/passwd",
        "https://user:pw@portico.example/",
        "https://portico.example:99999/",
        "http://" + "a" * 400 + ".example/",
        "no address",
    ],
)
def test_addresses_of_private_networks_are_refused(app: Flask, url: str) -> None:
    with pytest.raises(OutgoingRefused):
        check_address(url)


def test_public_address_is_pinned_to_what_was_checked(app: Flask) -> None:
    target = check_address("https://8.8.8.8:8443/hook?a=1")
    assert (target.ip, target.port, target.path, target.uses_tls) == ("8.8.8.8", 8443, "/hook?a=1", True)


def test_choice_of_a_subscriber_goes_with_the_component(app: Flask) -> None:
    mail = make_component("Mail")
    subscriber = make_subscriber("a@portico.example", whole_page=False)
    db.session.add(SubscriberComponent(subscriber_id=subscriber.id, component_id=mail.id))
    make_incident(mail, happened_at=portal_clock.now() - timedelta(hours=1))
    assert told() == ["a@portico.example"]
