"""Numbers in addresses and forms that no row can have."""

import pytest

from portal.core.web.numbers import LARGEST_NUMBER, row_number
from tests.client import CheckingClient
from tests.factories.directory import make_user

HUGE = "9" * 20


@pytest.mark.parametrize("number", [str(LARGEST_NUMBER), str(LARGEST_NUMBER + 1), HUGE])
@pytest.mark.parametrize("path", ["/articles/{}", "/tickets/{}", "/reviews/{}", "/admin/people/{}"])
def test_an_address_with_a_number_no_row_has_leads_nowhere(client: CheckingClient, path: str, number: str) -> None:
    client.sign_in(make_user("administrator", "agent", "knowledge_owner"))
    assert client.get(path.format(number)).status_code == 404


@pytest.mark.parametrize("number", [str(LARGEST_NUMBER + 1), HUGE, "²", ""])
def test_a_list_asked_for_what_cannot_be_is_shown_unnarrowed(client: CheckingClient, number: str) -> None:
    client.sign_in(make_user("administrator"))
    assert client.get("/admin/people", query_string={"team": number}).status_code == 200


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("2147483647", LARGEST_NUMBER), ("2147483648", None), (HUGE * 400, None), ("²", None), ("-1", None)],
)
def test_what_is_a_number_of_a_row(text: str, number: int | None) -> None:
    assert row_number(text) == number
