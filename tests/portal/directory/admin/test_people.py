"""People in the administration."""

import pytest

from portal.directory import passwords
from portal.directory.api import find_user
from portal.directory.models import User
from portal.directory.queries.people import list_users
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.audit import actions, told
from tests.factories.directory import make_team, make_user

SECRET = "eleven purple clouds above"


@pytest.fixture
def admin(client: CheckingClient) -> User:
    user = make_user("administrator", username="root", display_name="Root")
    client.sign_in(user)
    return user


def new_person(**values: str) -> dict[str, str]:
    return {
        "display_name": "Kim",
        "username": "kim",
        "email": "kim@portico.example",
        "locale": "de",
        "time_zone": "Europe/Berlin",
    } | values


def accounts_open() -> list[User]:
    return [user for user in list_users() if user.is_active]


def names(text: str) -> list[str]:
    return [name for name in ("Ada", "Zoe", "Root") if f'">{name}</a>' in text]


def test_list_finds_filters_and_sorts(client: CheckingClient, admin: User) -> None:
    team = make_team("Network")
    make_user("agent", team=team, username="ada", display_name="Ada")
    make_user(username="zoe", display_name="Zoe", is_active=False)
    assert names(client.get("/admin/people").text) == ["Ada", "Zoe", "Root"]
    assert names(client.get("/admin/people?q=ZO").text) == ["Zoe"]
    assert names(client.get("/admin/people?q=ada@portico").text) == ["Ada"]
    assert names(client.get("/admin/people?q=100%").text) == []
    assert names(client.get("/admin/people?state=closed").text) == ["Zoe"]
    assert names(client.get("/admin/people?role=agent").text) == ["Ada"]
    assert names(client.get(f"/admin/people?team={team.id}").text) == ["Ada"]
    text = client.get("/admin/people?sort=-name").text
    assert text.index(">Zoe</a>") < text.index(">Root</a>") < text.index(">Ada</a>")
    assert client.get("/admin/people?sort=password_hash&team=x&page=99").status_code == 200
    assert "<html" not in client.htmx("/admin/people?q=ada").text


def test_list_costs_the_same_for_more_people(client: CheckingClient, admin: User) -> None:
    team = make_team()
    make_user("agent", team=team)
    with count_queries() as few:
        client.get("/admin/people")
    for _ in range(3):
        make_user("agent", team=team)
    with count_queries() as many:
        client.get("/admin/people")
    assert len(many) == len(few) <= 12


def test_person_is_added(client: CheckingClient, admin: User) -> None:
    answer = client.post("/admin/people/new", data=new_person(password=SECRET))
    person = find_user("kim")
    assert person is not None
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/admin/people/{person.id}")
    assert passwords.matches(person.password_hash, SECRET) and person.must_change_password
    assert (person.locale, person.time_zone) == ("de", "Europe/Berlin")
    assert actions() == ["directory.user.created"]
    assert told()[0].actor_name == "root"
    assert client.get(f"/admin/people/{person.id}").status_code == 200


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"username": "root"}, "Somebody has this user name already."),
        ({"username": "-"}, "begin with a letter or digit"),
        ({"email": "nobody"}, "Enter an address like name@example.org."),
        ({"email": "ROOT@portico.example"}, "Another account uses this address."),
        ({"password": "short"}, "Use at least 12 characters."),
        ({"time_zone": "Mars/Olympus"}, "Not a valid choice"),
    ],
)
def test_wrong_person_is_refused(client: CheckingClient, admin: User, values: dict[str, str], sentence: str) -> None:
    answer = client.post("/admin/people/new", data=new_person(**values))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="Kim"' in answer.text
    assert find_user("kim") is None
    assert actions() == []


def test_names_are_changed(client: CheckingClient, admin: User) -> None:
    person = make_user(display_name="Before")
    data = {"display_name": "After", "username": "after", "email": "After@portico.example"}
    assert client.post(f"/admin/people/{person.id}/edit", data=data).status_code == 303
    assert (person.display_name, person.username, person.email) == ("After", "after", "after@portico.example")
    assert told()[0].before["display_name"] == "Before"  # type: ignore[index]


def test_password_is_set(client: CheckingClient, admin: User) -> None:
    person = make_user(failed_sign_ins=4)
    generation = person.session_generation
    path = f"/admin/people/{person.id}/password"
    assert "Too many people use this password." in client.post(path, data={"password": "Password1234!"}).text
    assert client.post(path, data={"password": SECRET, "must_change": "y"}).status_code == 303
    assert passwords.matches(person.password_hash, SECRET) and person.must_change_password
    assert (person.session_generation, person.failed_sign_ins) == (generation + 1, 0)
    assert actions() == ["directory.user.password_set"]


def test_account_is_closed_and_opened(client: CheckingClient, admin: User) -> None:
    person = make_user()
    assert client.post(f"/admin/people/{person.id}/deactivate", data={"reason": "Left"}).status_code == 303
    assert person not in accounts_open()
    assert told()[0].reason == "Left"
    assert "This account is closed" in client.get(f"/admin/people/{person.id}").text
    assert client.post(f"/admin/people/{person.id}/reactivate").status_code == 303
    assert find_user(person.username) in accounts_open()
    assert client.post(f"/admin/people/{person.id}/reactivate").status_code == 409
    assert actions() == ["directory.user.deactivated", "directory.user.reactivated"]


def test_nobody_closes_the_own_account(client: CheckingClient, admin: User) -> None:
    make_user("administrator")
    answer = client.post(f"/admin/people/{admin.id}/deactivate", data={"reason": "Enough"})
    assert answer.status_code == 422
    assert "You cannot close your own account." in answer.text
    assert admin.is_active


def test_pause_is_ended(client: CheckingClient, admin: User, clock: HeldClock) -> None:
    person = make_user(failed_sign_ins=5, locked_until=clock.now().replace(hour=12))
    assert "This account is paused" in client.get(f"/admin/people/{person.id}").text
    assert client.post(f"/admin/people/{person.id}/unlock").status_code == 303
    assert person.locked_until is None
    assert actions() == ["directory.user.unlocked"]


def test_who_cannot_give_rights_cannot_take_over_who_can(client: CheckingClient, admin: User) -> None:
    from portal.core.db import db
    from portal.directory.models import Role, RoleAssignment, RolePermission

    role = Role(key="reception", name="Reception", permissions=[RolePermission(permission="directory.people.manage")])
    clerk = make_user()
    db.session.add(RoleAssignment(user=clerk, role=role))
    db.session.commit()
    closed_admin = make_user("administrator", is_active=False)
    plain = make_user()
    client.sign_in(clerk)
    for person in (admin, closed_admin):
        for path in ("edit", "password", "deactivate"):
            assert client.get(f"/admin/people/{person.id}/{path}").status_code == 403
            assert client.post(f"/admin/people/{person.id}/{path}").status_code == 403
        assert client.post(f"/admin/people/{person.id}/reactivate").status_code == 403
    assert client.post(f"/admin/people/{plain.id}/password", data={"password": SECRET}).status_code == 303
