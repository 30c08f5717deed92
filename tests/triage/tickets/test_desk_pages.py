"""What administrators set: the matrix with its preview, the rules, the categories."""

import pytest
import sqlalchemy as sa

from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.directory.models import Team, User
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_service, make_user
from tests.factories.tickets import make_category, make_ticket
from triage.tickets.enums import Event, Impact, Urgency
from triage.tickets.models import Category, DeskSettings
from triage.tickets.priority import load_matrix

PAGES = ("/admin/desk", "/admin/categories", "/admin/categories/new")


@pytest.fixture
def admin(client: CheckingClient) -> User:
    user = make_user("administrator")
    client.sign_in(user)
    return user


def matrix_data(**changed: int) -> dict[str, str]:
    values = {f"{impact}-{urgency}": str(priority) for (impact, urgency), priority in load_matrix().items()}
    return values | {name.replace("__", "-"): str(value) for name, value in changed.items()}


def audited() -> list[str]:
    return list(db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))


@pytest.mark.parametrize("path", PAGES)
def test_only_administrators(client: CheckingClient, agent: User, path: str) -> None:
    assert client.get(path).location.startswith("/sign-in")
    client.sign_in(agent)
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("path", ["/admin/desk", "/admin/desk/matrix", "/admin/categories/new", "/admin/categories/1"])
def test_only_administrators_change(client: CheckingClient, agent: User, path: str) -> None:
    client.sign_in(agent)
    assert client.post(path).status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_the_pages_stand(client: CheckingClient, admin: User, path: str) -> None:
    make_category("VPN", keywords=["vpn"])
    assert client.get(path).status_code == 200


def test_the_matrix_is_previewed_then_changed(client: CheckingClient, admin: User, team: Team) -> None:
    ticket = make_ticket(team=team, impact=Impact.MINOR, urgency=Urgency.LOW)
    data = matrix_data(minor__low=4)
    preview = client.post("/admin/desk/matrix", data=data)
    assert preview.status_code == 200
    assert "One open ticket gets another priority." in preview.text
    assert "Change the matrix and one ticket" in preview.text
    assert load_matrix()[Impact.MINOR, Urgency.LOW] == 5
    response = client.post("/admin/desk/matrix", data={**data, "confirmed": "1"})
    assert response.location == "/admin/desk"
    assert load_matrix()[Impact.MINOR, Urgency.LOW] == 4
    db.session.refresh(ticket)
    assert ticket.priority == 4
    assert audited()[-1] == Event.MATRIX_CHANGED


def test_a_priority_that_does_not_exist_is_refused(client: CheckingClient, admin: User) -> None:
    response = client.post("/admin/desk/matrix", data={**matrix_data(minor__low=9), "confirmed": "1"})
    assert response.status_code == 422
    assert load_matrix()[Impact.MINOR, Urgency.LOW] == 5


def test_the_rules_are_changed(client: CheckingClient, admin: User, team: Team) -> None:
    refused = client.post("/admin/desk", data={"default_team": str(team.id), "reopen_days": "999"})
    assert refused.status_code == 422
    assert "Choose between 0 and 365 days." in refused.text
    client.post("/admin/desk", data={"default_team": str(team.id), "reopen_days": "7"})
    settings = db.session.get_one(DeskSettings, 1)
    assert (settings.default_team_id, settings.reopen_days) == (team.id, 7)
    assert audited() == [Event.DESK_CHANGED]


def test_a_category_is_added_and_changed(client: CheckingClient, admin: User, team: Team) -> None:
    service = make_service("VPN", owner_team=team)
    data = {
        "key": "network.vpn",
        "name": "VPN",
        "name_de": "VPN-Zugang",
        "keywords": "vpn, tunnel\nhome office",
        "service": str(service.id),
        "state": "active",
    }
    assert client.post("/admin/categories/new", data=data).location == "/admin/categories"
    category = db.session.scalars(sa.select(Category)).one()
    assert category.keywords == ["vpn", "tunnel", "home office"]
    assert category.name_in("de") == "VPN-Zugang"
    path = f"/admin/categories/{category.id}"
    assert "home office" in client.get(path).text
    client.post(path, data={**data, "key": "other", "name": "VPN and remote", "state": "retired"})
    db.session.refresh(category)
    assert (category.key, category.name, category.is_active) == ("network.vpn", "VPN and remote", False)
    assert audited() == [Event.CATEGORY_CREATED, Event.CATEGORY_CHANGED]


def test_a_refused_category_keeps_what_was_entered(client: CheckingClient, admin: User) -> None:
    make_category(key="mail")
    response = client.post("/admin/categories/new", data={"key": "mail", "name": "E-Mail again", "state": "active"})
    assert response.status_code == 422
    assert "There is a category with this key already." in response.text
    assert "E-Mail again" in response.text
    assert client.get("/admin/categories/99999").status_code == 404


def test_as_many_queries_with_many_categories(client: CheckingClient, admin: User) -> None:
    parent = make_category()
    client.get("/admin/categories")
    with count_queries() as one:
        client.get("/admin/categories")
    for _ in range(3):
        make_category(parent=parent)
    with count_queries() as many:
        client.get("/admin/categories")
    assert len(one) == len(many)
