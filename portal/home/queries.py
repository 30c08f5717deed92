"""What the front page shows, read from the features."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_login import current_user

from knowledge.api import Favoured, section_tree
from portal.core.web.remembering import remembered
from portal.directory.api import services_of_teams, signed_in_user
from triage.tickets.api import Ticket, list_own_open, services_used_by

MOST_SUBJECTS = 9
MOST_TICKETS = 3


@dataclass(frozen=True)
class Subject:
    """A section at the top of the tree, and how many articles the reader finds in it."""

    name: str
    slug: str
    total: int


def largest_subjects() -> tuple[Subject, ...]:
    """Return the subjects with the most articles the current reader may see, in the order of their names."""
    return remembered(_largest_subjects, "largest subjects", current_user.audience_tokens)


def _largest_subjects() -> tuple[Subject, ...]:
    largest = sorted(section_tree(current_user), key=lambda branch: -branch.total)[:MOST_SUBJECTS]
    subjects = (Subject(branch.section.name, branch.section.slug, branch.total) for branch in largest)
    return tuple(sorted(subjects, key=lambda subject: subject.name.casefold()))


def near_to_reader() -> Favoured:
    """Return what is near to the current person: their teams' services, those they use, what is meant for their role."""
    if not current_user.is_authenticated:
        return Favoured()
    return remembered(_near_to_user, "near to reader", current_user.id, with_daily_work=True)


def _near_to_user() -> Favoured:
    user = signed_in_user()
    own = {token for token in user.audience_tokens if token == "agents" or token.startswith(("role:", "team:"))}
    return Favoured(frozenset(services_of_teams(user.team_ids) + services_used_by(user)), frozenset(own))


def latest_open_tickets() -> Sequence[Ticket]:
    """Return the current person's tickets that are not solved, the latest first; none for visitors."""
    return list_own_open(current_user, limit=MOST_TICKETS) if current_user.is_authenticated else ()
