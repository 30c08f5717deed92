"""What ``/readyz``, the commands and the administration's page say of the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import gettext

from knowledge.indexing.mending import ask_for_mending
from knowledge.indexing.opening import search_index
from portal.core.feature import Remark

if TYPE_CHECKING:
    from knowledge.search.index import SearchIndex


def check_search() -> str | None:
    """Tell when readers find less than they could. Pages work all the same, so no node is taken out for it."""
    said = search_index().complaint()
    return Remark(said) if said else None


def note_on_search() -> str | None:
    """Tell administrators when search goes on with less, and what to do next; opens the model to be sure of it."""
    index = search_index()
    said = index.complaint(open_model=True)
    return _explained(index, said) if said else None


def _explained(index: SearchIndex, said: str) -> str:
    text: str
    if index.engine.damage:
        ask_for_mending()
        text = gettext(
            "The search index cannot be used and is built anew in the background; until then people find less or"
            " nothing. If this still stands here in half an hour, see that the worker runs, or run “portico index"
            " rebuild”. The reason: %(reason)s",
            reason=said,
        )
    elif said == index.engine.notice:
        text = gettext("Search works with less than it could. The reason: %(reason)s", reason=said)
    else:
        text = gettext(
            "Search goes by words alone, without their meaning, until the model can be used; people still get results."
            " Put the model’s files back or install the package anew; the portal tries again every minute. The reason:"
            " %(reason)s",
            reason=said,
        )
    return text
