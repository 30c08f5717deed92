import pytest

from tests.client import CheckingClient


def test_living_page_shows_every_component(client: CheckingClient) -> None:
    # The client itself checks that the page is valid HTML.
    response = client.get("/design")
    assert response.status_code == 200
    for section in ("forms", "tables", "ticket", "charts", "article"):
        assert f'id="{section}"' in response.text


def test_theme_is_kept_for_long(client: CheckingClient) -> None:
    response = client.get("/design/theme/e4002b.css")
    assert response.mimetype == "text/css"
    assert "immutable" in response.headers["Cache-Control"]


@pytest.mark.parametrize("accent", ["red", "e4002", "e4002b;"])
def test_theme_of_no_colour_is_not_found(client: CheckingClient, accent: str) -> None:
    assert client.get(f"/design/theme/{accent}.css").status_code == 404
