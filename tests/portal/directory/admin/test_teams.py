"""Teams, members, calendars and the organisation in the administration."""

from datetime import date

import pytest

from portal.core.db import db
from portal.directory.api import find_team
from portal.directory.business_time import schedule_of
from portal.directory.models import BusinessCalendar, Membership, Organisation, User
from tests.client import CheckingClient, count_queries
from tests.factories.audit import actions, told
from tests.factories.directory import make_calendar, make_service, make_team, make_user

WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "09:00-12:00, 13:00-17:00")


@pytest.fixture
def admin(client: CheckingClient) -> User:
    user = make_user("administrator")
    client.sign_in(user)
    return user


def test_team_is_made_and_changed(client: CheckingClient, admin: User) -> None:
    calendar = make_calendar()
    data = {"name": "Network", "key": "network", "description": "Wires", "calendar": str(calendar.id)}
    assert client.post("/admin/teams/new", data=data).status_code == 303
    team = find_team("network")
    assert team is not None and team.calendar_id == calendar.id
    for key, sentence in (("network", "Another team has this key."), ("Not a key", "Use small letters")):
        answer = client.post("/admin/teams/new", data=data | {"key": key})
        assert (answer.status_code, sentence in answer.text) == (422, True)
    change = {"name": "Networks", "description": "", "calendar": "", "is_active": "y"}
    assert client.post(f"/admin/teams/{team.id}/edit", data=change).status_code == 303
    assert team.name == "Networks"
    assert told()[-1].after == {"name": "Networks", "description": "", "calendar_id": None}
    assert actions() == ["directory.team.created", "directory.team.changed"]


def test_team_with_services_is_not_closed(client: CheckingClient, admin: User) -> None:
    team = make_team("Network")
    service = make_service("Wi-Fi", owner_team=team)
    data = {"name": "Network", "calendar": ""}
    answer = client.post(f"/admin/teams/{team.id}/edit", data=data)
    assert (answer.status_code, "still answers for Wi-Fi" in answer.text) == (422, True)
    service.is_retired = True
    assert client.post(f"/admin/teams/{team.id}/edit", data=data).status_code == 303
    assert not team.is_active


def test_member_is_added_changed_and_removed(client: CheckingClient, admin: User) -> None:
    team, person = make_team(), make_user(username="kim")
    path = f"/admin/teams/{team.id}/members"
    assert client.post(f"{path}/new", data={"person": "kim", "tier": "2"}).status_code == 303
    assert "is in the team" in client.post(f"{path}/new", data={"person": "kim", "tier": ""}).text
    assert "Nobody with an open account" in client.post(f"{path}/new", data={"person": "x", "tier": ""}).text
    assert client.post(f"{path}/{person.id}", data={"tier": "3", "is_lead": "y"}).status_code == 303
    member = db.session.get(Membership, (team.id, person.id))
    assert member is not None and (member.tier, member.is_lead) == (3, True)
    assert client.post(f"{path}/{person.id}", data={"tier": "9"}).status_code == 422
    assert client.post(f"{path}/{person.id}/remove").status_code == 303
    assert db.session.get(Membership, (team.id, person.id)) is None
    assert actions() == [f"directory.team.member_{name}" for name in ("added", "changed", "removed")]
    assert told()[1].before == {"user": "kim", "tier": 2, "is_lead": False}


def test_lists_cost_the_same_for_more_rows(client: CheckingClient, admin: User) -> None:
    for path in ("/admin/teams", "/admin/calendars", "/admin/roles", "/services"):
        costs = []
        for rows in (1, 3):
            for _ in range(rows):
                make_service(owner_team=make_team(calendar=make_calendar()))
            with count_queries() as counted:
                client.get(path)
            costs.append(len(counted))
        assert costs[0] == costs[1] <= 12, path


def test_calendar_is_made_and_changed(client: CheckingClient, admin: User) -> None:
    data = {
        "name": "Berlin",
        "key": "berlin",
        "time_zone": "Europe/Berlin",
        "holidays": "2026-12-25 Christmas Day",
    } | WEEK
    assert client.post("/admin/calendars/new", data=data).status_code == 303
    calendar = db.session.query(BusinessCalendar).one()
    schedule = schedule_of(calendar)
    assert schedule.week == (((540, 720), (780, 1020)),) * 5 + ((), ())
    assert schedule.holidays == {date(2026, 12, 25)}
    path = f"/admin/calendars/{calendar.id}"
    page = client.get(path).text
    assert 'value="09:00-12:00, 13:00-17:00"' in page and "2026-12-25 Christmas Day" in page
    change = data | {"friday": "09:00-14:00", "holidays": "2026-12-25 Christmas Day\n\n2026-05-01 May Day"}
    assert client.post(path, data=change).status_code == 303
    assert told()[-1].before == {"friday": "09:00-12:00, 13:00-17:00", "holidays": ["2026-12-25 Christmas Day"]}
    assert client.post(path, data=change).status_code == 303
    assert actions() == ["directory.calendar.created", "directory.calendar.changed"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"monday": "nine to five"}, "Write the hours as 09:00-12:00"),
        ({"monday": "09:70-12:00"}, "Write the hours as 09:00-12:00"),
        ({"monday": "12:00-09:00"}, "Each stretch must end after it begins"),
        ({"monday": "09:00-25:00"}, "Each stretch must end after it begins"),
        ({"monday": "09:00-12:00, 11:00-13:00"}, "Two stretches of this day overlap."),
        (dict.fromkeys(WEEK, ""), "Enter working hours for at least one day."),
        ({"holidays": "Christmas"}, "Line 1 does not begin with a day"),
        ({"holidays": "2026-12-25 A\n2026-12-25 B"}, "in the list of holidays twice"),
    ],
)
def test_wrong_calendar_is_refused(client: CheckingClient, admin: User, values: dict[str, str], sentence: str) -> None:
    calendar = make_calendar("UTC")
    before = schedule_of(calendar)
    data = {"name": "Kept", "time_zone": "UTC", "holidays": ""} | WEEK | values
    answer = client.post(f"/admin/calendars/{calendar.id}", data=data)
    assert (answer.status_code, sentence in answer.text, "Kept" in answer.text) == (422, True, True)
    db.session.expire_all()
    assert schedule_of(calendar) == before
    assert actions() == []


def test_organisation_is_named_and_coloured(client: CheckingClient, admin: User) -> None:
    assert client.post("/admin/organisation", data={"name": "Riverside", "accent": "#FFDD00"}).status_code == 303
    organisation = db.session.get(Organisation, 1)
    assert organisation is not None and organisation.accent == "#ffdd00"
    page = client.get("/admin/organisation").text
    assert "· Riverside</title>" in page
    # Yellow text on white cannot be read: the page says what is used instead, for both themes.
    assert page.count("to 1</span>") == 2 and "Darkened or lightened" in page
    answer = client.post("/admin/organisation", data={"name": "Riverside", "accent": "yellow"})
    assert (answer.status_code, "Write the colour as" in answer.text) == (422, True)
    assert actions() == ["directory.organisation.changed"]
