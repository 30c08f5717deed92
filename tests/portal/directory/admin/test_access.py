"""Who gets into the administration, page by page."""

import pytest
import sqlalchemy as sa

from portal.core.db import db
from portal.directory.models import User
from tests.client import CheckingClient
from tests.factories.audit import actions
from tests.factories.directory import make_calendar, make_service, make_team, make_user

READING = {"/admin/people", "/admin/people/{person}", "/admin/teams", "/admin/teams/{team}"}
PAGES = [
    *sorted(READING),
    "/admin",
    "/admin/people/new",
    "/admin/people/{person}/edit",
    "/admin/people/{person}/password",
    "/admin/people/{person}/deactivate",
    "/admin/people/{person}/roles/grant",
    "/admin/people/{person}/roles/{assignment}/withdraw",
    "/admin/teams/new",
    "/admin/teams/{team}/edit",
    "/admin/teams/{team}/members/new",
    "/admin/teams/{team}/members/{person}",
    "/admin/roles",
    "/admin/roles/new",
    "/admin/roles/{role}",
    "/admin/roles/{role}/delete",
    "/admin/calendars",
    "/admin/calendars/new",
    "/admin/calendars/{calendar}",
    "/admin/organisation",
    "/services/new",
    "/services/{service}/edit",
    "/services/{service}/retire",
]
BUTTONS = [
    "/admin/people/{person}/unlock",
    "/admin/people/{person}/reactivate",
    "/admin/teams/{team}/members/{person}/remove",
    "/services/{service}/restore",
]
WITHOUT_FORM = {"/admin", "/admin/roles", "/admin/calendars", *READING}


class Things:
    def __init__(self) -> None:
        team = make_team()
        person = make_user("agent", team=team)
        self.numbers = {
            "person": person.id,
            "team": team.id,
            "assignment": person.assignments[0].id,
            "role": person.assignments[0].role_id,
            "calendar": make_calendar().id,
            "service": make_service().key,
        }

    def path(self, page: str) -> str:
        return page.format(**self.numbers)

    def missing(self, page: str) -> str:
        gone = {name: 99_999 if name != "service" else "gone" for name in self.numbers}
        return page.format(**gone)


@pytest.mark.parametrize("page", PAGES)
def test_anonymous_is_led_to_sign_in(client: CheckingClient, page: str) -> None:
    path = Things().path(page)
    assert client.get(path).headers["Location"].startswith("/sign-in?next=")
    if page not in WITHOUT_FORM:
        assert client.post(path).headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("page", [*PAGES, *BUTTONS])
def test_too_little_right(client: CheckingClient, page: str) -> None:
    path = Things().path(page)
    team = make_team()
    for user in (make_user(), make_user("administrator", team=team)):
        client.sign_in(user)
        if page not in BUTTONS:
            # A right for one team opens only what is about single people and teams.
            allowed = user.assignments and page in READING | {"/admin"}
            assert client.get(path).status_code == (200 if allowed else 403)
        if page not in WITHOUT_FORM:
            assert client.post(path).status_code == 403
    assert actions() == []


@pytest.mark.parametrize("page", [page for page in [*PAGES, *BUTTONS] if "{" in page])
def test_unknown_thing(client: CheckingClient, page: str) -> None:
    client.sign_in(make_user("administrator"))
    path = Things().missing(page)
    if page not in BUTTONS:
        assert client.get(path).status_code == 404
    if page not in WITHOUT_FORM:
        assert client.post(path).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_administrator_sees_every_page(client: CheckingClient, page: str) -> None:
    client.sign_in(make_user("administrator"))
    answer = client.get(Things().path(page))
    assert answer.status_code == 200
    assert 'aria-current="page"' in answer.text or page.startswith("/services")


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page not in WITHOUT_FORM and not page.endswith(("delete", "{person}", "{role}"))]
)
def test_empty_form_is_refused_and_changes_nothing(client: CheckingClient, page: str) -> None:
    client.sign_in(make_user("administrator"))
    things = Things()
    before = db.session.scalar(sa.select(sa.func.count()).select_from(User))
    answer = client.post(things.path(page))
    assert answer.status_code == 422
    assert 'class="error-summary"' in answer.text
    fragment = client.htmx(things.path(page), method="POST")
    assert fragment.status_code == 422
    assert "<html" not in fragment.text and "<form" in fragment.text
    assert actions() == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == before


def test_auditor_finds_the_records_and_nothing_to_change(client: CheckingClient) -> None:
    client.sign_in(make_user("auditor"))
    page = client.get("/admin").text
    for path in ("/admin/people", "/audit", "/admin/deliveries"):
        assert f'href="{path}"' in page
        assert client.get(path).status_code == 200
    assert 'href="/admin/roles"' not in page


def test_overview_shows_what_the_person_may(client: CheckingClient) -> None:
    client.sign_in(make_user("administrator"))
    page = client.get("/admin").text
    for path in (
        "/admin/people",
        "/admin/teams",
        "/admin/roles",
        "/services",
        "/admin/calendars",
        "/admin/organisation",
    ):
        assert f'href="{path}"' in page
