"""Services: read by everyone, changed by those who manage them."""

import pytest

from portal.core.db import db
from portal.directory.api import find_service, list_services
from portal.directory.enums import Criticality
from portal.directory.models import User
from tests.client import CheckingClient, count_queries
from tests.factories.audit import actions, told
from tests.factories.directory import make_service, make_team, make_user


@pytest.fixture
def admin(client: CheckingClient) -> User:
    user = make_user("administrator", username="root")
    client.sign_in(user)
    return user


def facts(team_id: int, **values: object) -> dict[str, object]:
    return {"name": "Mail", "criticality": "high", "owner_team": str(team_id)} | values


def test_anonymous_signs_in_first(client: CheckingClient) -> None:
    service = make_service()
    for path in ("/services", f"/services/{service.key}"):
        assert client.get(path).headers["Location"] == f"/sign-in?next={path}"


def test_everyone_reads_services_in_use(client: CheckingClient) -> None:
    make_service("Mail", key="mail", translations={"de": {"name": "E-Mail-Dienst"}}, keywords=["outlook"])
    make_service("Old fax", key="fax", is_retired=True)
    client.sign_in(make_user(locale="de"))
    page = client.get("/services?state=all").text
    assert "E-Mail-Dienst" in page and "Old fax" not in page
    assert "/services/new" not in page
    assert client.get("/services/mail").status_code == 200
    assert client.get("/services/fax").status_code == 404
    assert "E-Mail-Dienst" in client.get("/services?q=OUTLOOK").text
    assert "E-Mail-Dienst" not in client.get("/services?q=phone").text


def test_list_sorts_by_rank_of_criticality(client: CheckingClient, admin: User) -> None:
    for name in ("low", "critical", "medium", "high"):
        make_service(f"Service {name}", criticality=Criticality(name))
    text = client.get("/services?sort=criticality").text
    places = [text.index(f">Service {name}<") for name in ("critical", "high", "medium", "low")]
    assert places == sorted(places)
    only = client.get("/services?criticality=low").text
    assert "Service low" in only and "Service high" not in only


def test_page_shows_dependencies_both_ways(client: CheckingClient) -> None:
    network, mail = make_service("Network", key="network"), make_service("Mail", key="mail")
    mail.depends_on = [network]
    client.sign_in(make_user())
    assert "/services/network" in client.get("/services/mail").text
    assert "/services/mail" in client.get("/services/network").text


def test_page_costs_the_same_for_more_dependencies(client: CheckingClient) -> None:
    service = make_service("Mail", key="mail")
    service.depends_on = [make_service()]
    client.sign_in(make_user())
    with count_queries() as few:
        client.get("/services/mail")
    service.depends_on = [*service.depends_on, make_service(), make_service()]
    db.session.commit()
    with count_queries() as many:
        client.get("/services/mail")
    assert len(few) == len(many) <= 12


def test_service_is_made(client: CheckingClient, admin: User) -> None:
    team, network, kim = make_team(key="messaging"), make_service("Network"), make_user(username="kim")
    data = facts(
        team.id,
        key="mail",
        primary_owner="KIM",
        secondary_owner="root@portico.example",
        keywords="outlook, post , outlook,",
        name_de="E-Mail",
        needs=[str(network.id)],
    )
    answer = client.post("/services/new", data=data)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/services/mail")
    made = find_service("mail")
    assert made is not None
    assert (made.primary_owner, made.secondary_owner, made.criticality) == (kim, admin, Criticality.HIGH)
    assert (made.keywords, made.translations) == (["outlook", "post"], {"de": {"name": "E-Mail"}})
    assert made.depends_on == [network]
    assert actions() == ["directory.service.created"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"key": "taken"}, "Another service has this key."),
        ({"key": "new"}, "Use small letters"),
        ({"key": "a b"}, "Use small letters"),
        ({"primary_owner": "nobody"}, "Nobody with an open account"),
        ({"primary_owner": "root", "secondary_owner": "root"}, "choose two different people"),
        ({"needs": ["99999"]}, "is not a valid choice"),
        ({"name": ""}, "Enter a name."),
    ],
)
def test_wrong_service_is_refused(
    client: CheckingClient, admin: User, values: dict[str, object], sentence: str
) -> None:
    make_service(key="taken")
    answer = client.post("/services/new", data=facts(make_team().id, key="mail", keywords="kept words") | values)
    assert answer.status_code == 422
    assert sentence in answer.text and "kept words" in answer.text
    assert find_service("mail") is None
    assert actions() == []


def test_service_is_changed(client: CheckingClient, admin: User) -> None:
    first, second = make_service("First"), make_service("Second")
    service = make_service("Mail", key="mail", translations={"fr": {"name": "Courrier"}})
    service.depends_on = [first]
    data = facts(service.owner_team_id, name="Post", needs=[str(second.id)])
    assert 'value="Mail"' in client.get("/services/mail/edit").text
    assert client.post("/services/mail/edit", data=data).status_code == 303
    assert (service.name, service.depends_on) == ("Post", [second])
    assert service.translations == {"fr": {"name": "Courrier"}}
    event = told()[-1]
    assert event.before == {"name": "Mail", "criticality": "medium", "needs": [first.key]}
    assert event.after == {"name": "Post", "criticality": "high", "needs": [second.key]}


def test_cycle_is_refused_and_named(client: CheckingClient, admin: User) -> None:
    network, directory, mail = make_service("Network", key="network"), make_service("Directory"), make_service("Mail")
    mail.depends_on, directory.depends_on = [directory], [network]
    data = facts(network.owner_team_id, name="Network", needs=[str(mail.id)])
    answer = client.post("/services/network/edit", data=data)
    assert answer.status_code == 422
    assert "A service cannot need itself: Network → Mail → Directory → Network." in answer.text
    assert network.depends_on == []
    assert actions() == []


def test_service_is_retired_and_restored(client: CheckingClient, admin: User) -> None:
    network, mail = make_service("Network", key="network"), make_service("Mail", key="mail")
    mail.depends_on = [network]
    answer = client.post("/services/network/retire", data={"reason": "Old"})
    assert (answer.status_code, "Mail still need this service" in answer.text) == (422, True)
    assert client.post("/services/mail/retire", data={"reason": "Old"}).status_code == 303
    assert client.post("/services/network/retire", data={"reason": "Old"}).status_code == 303
    assert [item.name for item in list_services()] == []
    assert client.post("/services/network/restore").status_code == 303
    assert [item.name for item in list_services()] == ["Network"]
    assert actions() == [f"directory.service.{name}" for name in ("retired", "retired", "restored")]
