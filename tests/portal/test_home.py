"""The frame every page stands in, and the language choice."""

import pytest

from tests.client import CheckingClient
from tests.factories.directory import make_user


@pytest.mark.parametrize("path", ["/", "/about", "/design"])
def test_open_pages_answer_visitors(client: CheckingClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_a_visitor_picks_a_language_and_returns_to_the_page(client: CheckingClient) -> None:
    response = client.get("/language/de?next=/about")
    assert response.status_code == 303
    assert response.location == "/about"
    assert 'lang="de"' in client.get("/about").text


def test_the_language_choice_leads_to_no_other_site(client: CheckingClient) -> None:
    assert client.get("/language/de?next=https://evil.example/").location == "/"


def test_an_unknown_language_is_not_found(client: CheckingClient) -> None:
    assert client.get("/language/xx").status_code == 404


def test_a_finished_page_is_given_out_again_and_not_sent_twice(client: CheckingClient) -> None:
    first = client.get("/")
    second = client.get("/", headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 304


def test_a_finished_page_does_not_outlive_a_sign_in(client: CheckingClient) -> None:
    client.get("/")
    client.sign_in(make_user(display_name="Somebody Known"))
    assert "Somebody Known" in client.get("/").text
