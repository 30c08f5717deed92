"""What ``/readyz`` and the commands say of the search."""

from knowledge.indexing.opening import search_index
from portal.core.feature import Remark


def check_search() -> str | None:
    """Tell when readers find less than they could. Pages work all the same, so no node is taken out for it."""
    said = search_index().complaint()
    return Remark(said) if said else None
