"""Every file of the site."""

from collections.abc import Iterator

from portal.core.settings import LOCALES
from status_page.board import Board
from status_page.queries import list_archive
from status_page.site.api_v2 import list_documents
from status_page.site.badge import badge
from status_page.site.feeds import list_feeds
from status_page.site.items import Item
from status_page.site.look import script, style_sheet
from status_page.site.pages import Site, list_pages


def list_items(board: Board) -> Iterator[Item]:
    """Yield every file of the site as this board's audience may read it."""
    archive = list_archive(board.tokens)
    yield Item("status.css", "", style_sheet)
    yield Item("status.js", "", script)
    for locale in LOCALES:
        yield from list_pages(Site(board, locale, archive))
        yield from list_feeds(board, locale)
        yield badge(board, locale)
    yield from list_documents(board)


def find_item(board: Board, path: str) -> Item | None:
    """Return the file of a path, or None when the site has none there."""
    return next((item for item in list_items(board) if item.path == path), None)
