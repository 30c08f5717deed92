"""What the tests of the search's pages do again and again."""

import html
import re

from knowledge.indexing.services import take_up_changes
from tests.client import CheckingClient

_RESULT = re.compile(r'<h2 class="result-title"><a href="([^"]+)"[^>]*>(.*?)</a>', re.DOTALL)


def index_all() -> None:
    take_up_changes()


def found(client: CheckingClient, query: str, **more: str) -> list[str]:
    """The titles on the search page, in their order."""
    return [title for _, title in results(client, query, **more)]


def results(client: CheckingClient, query: str, **more: str) -> list[tuple[str, str]]:
    """Address and title of each result on the search page."""
    text = client.get("/search", query_string={"q": query, **more}).text
    return [(html.unescape(url), re.sub(r"<[^>]+>", "", html.unescape(title))) for url, title in _RESULT.findall(text)]
