"""What the front page shows, read from the features."""

from collections.abc import Sequence

from flask_login import current_user

from knowledge.api import Branch, section_tree
from triage.tickets.api import Ticket, list_own_open

MOST_SUBJECTS = 9
MOST_TICKETS = 3


def largest_subjects() -> list[Branch]:
    """Return the subjects with the most articles the current reader may see, in the order of their names."""
    largest = sorted(section_tree(current_user), key=lambda branch: -branch.total)[:MOST_SUBJECTS]
    return sorted(largest, key=lambda branch: branch.section.name.casefold())


def latest_open_tickets() -> Sequence[Ticket]:
    """Return the current person's tickets that are not solved, the latest first; none for visitors."""
    return list_own_open(current_user, limit=MOST_TICKETS) if current_user.is_authenticated else ()
