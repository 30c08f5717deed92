"""Articles beside a ticket, as agents see them: linked ones, and those that may answer it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import current_app, url_for
from markupsafe import Markup

from knowledge.api import Article, list_readable, list_workarounds, suggest_articles
from portal.directory.api import User
from triage.tickets.enums import EntryKind
from triage.tickets.models import Ticket
from triage.tickets.queries import list_entries, list_linked_ids

MOST_SUGGESTED = 5
# The search reads no more of a text than this.
LONGEST_TEXT = 2_000


@dataclass(frozen=True)
class TicketArticleCard:
    """An article beside a ticket. ``text`` is what a link to it looks like in a message."""

    id: int
    title: str
    url: str
    text: str
    # Whether the person who asked may read it; only then may a reply lead to it.
    is_for_requester: bool
    passage: str = ""
    # Of a known error: how to get by until it is mended; None for other articles.
    workaround: Markup | None = None


@dataclass(frozen=True)
class Linked:
    """The articles linked to a ticket: those the agent may read, and how many others."""

    cards: Sequence[TicketArticleCard]
    hidden: int


def list_linked(ticket: Ticket, user: User) -> Linked:
    """Return the articles linked to a ticket; a constant number of queries."""
    ids = list_linked_ids(ticket)
    known, own = list_readable(ids, user), list_readable(ids, ticket.requester)
    ways = list_workarounds(known, user)
    cards = [
        replace(_card(known[number], number in own), workaround=ways.get(number)) for number in ids if number in known
    ]
    return Linked(cards, len(ids) - len(cards))


def suggest_for(ticket: Ticket, user: User, *, words: str = "") -> list[TicketArticleCard]:
    """Return articles that may answer a ticket, or the agent's own words, of those the agent may read."""
    text = words.strip() or _text_of(ticket, user)
    linked = set(list_linked_ids(ticket))
    found = suggest_articles(text[:LONGEST_TEXT], tokens=user.audience_tokens, limit=MOST_SUGGESTED + len(linked))
    found = [item for item in found if item.article_id not in linked][:MOST_SUGGESTED]
    known = list_readable([item.article_id for item in found], user)
    own = list_readable(known, ticket.requester)
    return [
        _card(known[item.article_id], item.article_id in own, item.passage)
        for item in found
        if item.article_id in known
    ]


def find_to_insert(ticket: Ticket, user: User, wanted: str) -> TicketArticleCard | None:
    """Return the article whose number the address names, when the agent may read it."""
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 10):
        return None
    number = int(wanted)
    known = list_readable([number], user)
    return _card(known[number], number in list_readable([number], ticket.requester)) if number in known else None


def _text_of(ticket: Ticket, user: User) -> str:
    """Return what the person who asked wrote: the title, the description, and the latest answers."""
    said = [
        entry.body
        for entry in list_entries(ticket, user)
        if entry.kind is EntryKind.REPLY and entry.author_id in (ticket.requester_id, ticket.opened_by_id)
    ]
    return "\n".join([ticket.title, ticket.description, *reversed(said)])


def _card(article: Article, is_for_requester: bool, passage: str = "") -> TicketArticleCard:
    url = url_for("knowledge.article", article_id=article.id, slug=article.slug)
    address = f"{current_app.extensions['portico_settings'].base_url}{url}"
    return TicketArticleCard(article.id, article.title, url, f"{article.title}\n{address}", is_for_requester, passage)
