"""Roles given, withdrawn, made and changed."""

import pytest
import sqlalchemy as sa

from portal.core.db import db
from portal.directory.api import find_role
from portal.directory.models import Role, RoleAssignment, User
from tests.client import CheckingClient
from tests.factories.audit import actions, told
from tests.factories.directory import make_team, make_user


@pytest.fixture
def admin(client: CheckingClient) -> User:
    user = make_user("administrator")
    client.sign_in(user)
    return user


def role(key: str) -> Role:
    found = find_role(key)
    assert found is not None
    return found


def permissions(key: str) -> set[str]:
    return {item.permission for item in role(key).permissions}


def test_role_is_given_for_a_team_and_withdrawn(client: CheckingClient, admin: User) -> None:
    person, team = make_user(), make_team(key="network")
    grant = {"role": str(role("agent").id), "team": str(team.id), "reason": "Joins the team"}
    assert client.post(f"/admin/people/{person.id}/roles/grant", data=grant).status_code == 303
    assignment = person.assignments[0]
    assert (assignment.role.key, assignment.team_id) == ("agent", team.id)
    again = client.post(f"/admin/people/{person.id}/roles/grant", data=grant)
    assert (again.status_code, "has this role already" in again.text) == (422, True)
    path = f"/admin/people/{person.id}/roles/{assignment.id}/withdraw"
    assert client.post(path, data={"reason": "Leaves"}).status_code == 303
    assert person.assignments == []
    assert actions() == ["directory.role.granted", "directory.role.withdrawn"]
    assert told()[0].after == {"role": "agent", "team": "network"}
    assert [event.reason for event in told()] == ["Joins the team", "Leaves"]


def test_default_role_cannot_be_given(client: CheckingClient, admin: User) -> None:
    person = make_user()
    data = {"role": str(role("end_user").id), "team": "", "reason": "x"}
    assert client.post(f"/admin/people/{person.id}/roles/grant", data=data).status_code == 422
    assert person.assignments == []


def test_last_administrator_keeps_the_right(client: CheckingClient, admin: User) -> None:
    sentence = "Nobody would be left who can give rights."
    path = f"/admin/people/{admin.id}/roles/{admin.assignments[0].id}/withdraw"
    answer = client.post(path, data={"reason": "x"})
    assert (answer.status_code, sentence in answer.text) == (422, True)
    administrator = role("administrator")
    kept = permissions("administrator") - {"directory.role.manage"}
    answer = client.post(
        f"/admin/roles/{administrator.id}", data={"name": "Administrator", "permissions": sorted(kept)}
    )
    assert (answer.status_code, sentence in answer.text) == (422, True)
    # Somebody whose account is closed, or who has the right for one team only, does not count.
    make_user("administrator", is_active=False)
    make_user("administrator", team=make_team())
    assert client.post(path, data={"reason": "x"}).status_code == 422
    assert "directory.role.manage" in permissions("administrator")
    assert actions() == []
    make_user("administrator")
    assert client.post(path, data={"reason": "x"}).status_code == 303
    assert client.get("/admin").status_code == 403


def test_role_is_made_changed_and_deleted(client: CheckingClient, admin: User) -> None:
    data = {"name": "Reception", "key": "reception", "permissions": ["directory.people.read"]}
    assert client.post("/admin/roles/new", data=data).status_code == 303
    assert permissions("reception") == {"directory.people.read"}
    assert "Another role has this key." in client.post("/admin/roles/new", data=data).text
    made = role("reception")
    change = {"name": "Front desk", "permissions": ["directory.people.manage", "directory.service.read"]}
    assert client.post(f"/admin/roles/{made.id}", data=change).status_code == 303
    assert permissions("reception") == set(change["permissions"])
    assert told()[-1].before == {"name": "Reception", "permissions": ["directory.people.read"]}
    person = make_user()
    db.session.add(RoleAssignment(user_id=person.id, role_id=made.id))
    refused = client.post(f"/admin/roles/{made.id}/delete")
    assert (refused.status_code, "People still hold this role." in refused.text) == (422, True)
    db.session.execute(sa.delete(RoleAssignment).where(RoleAssignment.user_id == person.id))
    assert client.post(f"/admin/roles/{made.id}/delete").status_code == 303
    assert find_role("reception") is None
    assert actions() == [f"directory.role.{name}" for name in ("created", "changed", "deleted")]


def test_built_in_role_is_not_deleted(client: CheckingClient, admin: User) -> None:
    answer = client.post(f"/admin/roles/{role('agent').id}/delete")
    assert (answer.status_code, "belongs to the product" in answer.text) == (422, True)
    assert find_role("agent") is not None


def test_unknown_permission_and_missing_name_are_refused(client: CheckingClient, admin: User) -> None:
    before = permissions("agent")
    data = {"name": "", "permissions": ["directory.world.rule"]}
    answer = client.post(f"/admin/roles/{role('agent').id}", data=data)
    assert answer.status_code == 422
    assert "Enter a name." in answer.text
    assert permissions("agent") == before


def test_permissions_are_shown_by_feature_with_what_is_held(client: CheckingClient, admin: User) -> None:
    text = client.get(f"/admin/roles/{role('auditor').id}").text
    assert 'value="audit.event.read" checked' in text
    assert 'value="directory.role.manage">' in text
    assert "<legend>Directory</legend>" in text
    assert "Default role" in client.get("/admin/roles").text


def test_our_roles_speak_the_readers_language_and_others_stay(client: CheckingClient) -> None:
    admin = make_user("administrator", locale="de")
    db.session.add(Role(key="night_shift", name="Agent", description="Nachts", is_builtin=False, applied_defaults=[]))
    renamed = db.session.scalars(sa.select(Role).where(Role.key == "auditor")).one()
    renamed.name = "Revisor"
    db.session.commit()
    client.sign_in(admin)
    page = client.get("/admin/roles").text
    assert "Verwaltet Personen, Rechte und Einstellungen." in page
    assert ">Wissensredaktion" in page and ">Revisor<" in page
    # One of their own that happens to be called like ours is not touched.
    assert ">Agent<" in page
