"""What the search page shows, from the words and filters of its URL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict

from knowledge.api import (
    ArticleType,
    Filters,
    Reader,
    Results,
    Sort,
    broader_queries,
    note_search,
    search_articles,
    search_token,
)
from portal.core import clock
from portal.core.settings import LOCALES
from portal.core.web import Page
from portal.core.web.paging import requested_page
from portal.core.web.visit import visit_token
from portal.home.queries import near_to_reader

PER_PAGE = 10
DEEPEST_PAGE = 50
# Days since an article was updated, by the name in the URL.
UPDATED_WITHIN = {"month": 30, "quarter": 91, "year": 365}
LONGEST_QUERY = 400

TYPE_NAMES = {
    ArticleType.HOW_TO: lazy_gettext("How-to"),
    ArticleType.TROUBLESHOOTING: lazy_gettext("Troubleshooting"),
    ArticleType.KNOWN_ERROR: lazy_gettext("Known error"),
    ArticleType.FAQ: lazy_gettext("Questions and answers"),
    ArticleType.PROCEDURE: lazy_gettext("Procedure"),
}


@dataclass(frozen=True)
class Facet:
    """One way to narrow the results: its name in the URL, its heading, and its values with their counts."""

    name: str
    heading: Any
    # Value in the URL, words, and how many results it leaves where that is counted.
    values: list[tuple[str, Any, int | None]]
    chosen: str


def search_page(arguments: MultiDict[str, str], reader: Reader) -> dict[str, Any]:
    """Return the context of the search page."""
    query = shown_text(arguments.get("q", ""))
    if not query:
        return {"query": "", "results": None}
    chosen = {name: arguments.get(name, "") for name in ("type", "service", "section", "language", "updated")}
    chosen["updated"] = chosen["updated"] if chosen["updated"] in UPDATED_WITHIN else ""
    number = min(requested_page(), DEEPEST_PAGE)
    results, articles = search_articles(
        query,
        reader,
        filters=_filters(chosen),
        sort=Sort.DATE if arguments.get("sort") == "date" else Sort.RELEVANCE,
        limit=PER_PAGE,
        offset=(number - 1) * PER_PAGE,
        correct=arguments.get("exact") != "1",
        favoured=near_to_reader(),
    )
    visit = visit_token(begin=True)
    if set(arguments) == {"q"}:
        # Turning the pages of a search, or narrowing it, is the same search.
        _log(visit, query, results)
    return {
        "query": query,
        "search_text": query,
        "search_token": search_token(visit, query),
        "results": results,
        "articles": Page(articles, number, PER_PAGE, min(results.total, DEEPEST_PAGE * PER_PAGE)),
        "facets": _facets(results.facets, chosen),
        "is_narrowed": any(chosen.values()),
        "broader": [] if results.total or any(chosen.values()) else broader_queries(query, reader),
        "sort": arguments.get("sort", "relevance"),
        "type_names": TYPE_NAMES,
    }


def shown_text(typed: str) -> str:
    """Return what somebody typed as one line that a page can show and a database keep: no control characters."""
    printable = "".join(char if char.isprintable() else " " for char in typed[: 4 * LONGEST_QUERY])
    return " ".join(printable.split())[:LONGEST_QUERY]


def _log(visit: str, query: str, results: Results) -> None:
    note_search(
        visit,
        query,
        results=results.total,
        corrected=results.corrected is not None,
        degraded=results.degraded is not None,
    )


def _filters(chosen: Mapping[str, str]) -> Filters:
    def one(name: str) -> frozenset[str]:
        return frozenset({chosen[name]}) if chosen[name] else frozenset()

    days = UPDATED_WITHIN.get(chosen["updated"])
    return Filters(
        types=one("type"),
        services=one("service"),
        sections=one("section"),
        languages=one("language"),
        updated_since=clock.now() - timedelta(days=days) if days else None,
    )


def _facets(counted: Mapping[str, Mapping[str, int]], chosen: Mapping[str, str]) -> list[Facet]:
    headings = {
        "type": lazy_gettext("Kind"),
        "section": lazy_gettext("Subject"),
        "service": lazy_gettext("Service"),
        "language": lazy_gettext("Language"),
    }
    facets = []
    for name, heading in headings.items():
        counts = counted.get(name) or counted.get(f"{name}s") or {}
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:8]
        values: list[tuple[str, Any, int | None]] = [
            (value, _name_of(name, value), count) for value, count in ordered if value
        ]
        if len(values) > 1 or chosen[name]:
            facets.append(Facet(name, heading, values, chosen[name]))
    if facets or chosen["updated"]:
        since: list[tuple[str, Any, int | None]] = [
            ("month", lazy_gettext("In the last month"), None),
            ("quarter", lazy_gettext("In the last three months"), None),
            ("year", lazy_gettext("In the last year"), None),
        ]
        facets.append(Facet("updated", lazy_gettext("Updated"), since, chosen["updated"]))
    return facets


def _name_of(facet: str, value: str) -> Any:
    if facet == "type" and value in set(ArticleType):
        return TYPE_NAMES[ArticleType(value)]
    if facet == "language" and value in LOCALES:
        return {"en": "English", "de": "Deutsch"}[value]
    return value
