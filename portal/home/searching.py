"""What the search page shows, from the words and filters of its URL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict

from knowledge.api import ArticleType, Filters, Reader, Results, Sort, note_search, search_articles, search_token
from portal.core.settings import LOCALES
from portal.core.web import Page
from portal.core.web.paging import requested_page
from portal.core.web.visit import visit_token

PER_PAGE = 10
DEEPEST_PAGE = 50
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
    values: list[tuple[str, Any, int]]
    chosen: str


def search_page(arguments: MultiDict[str, str], reader: Reader) -> dict[str, Any]:
    """Return the context of the search page."""
    query = " ".join(arguments.get("q", "").split())[:LONGEST_QUERY]
    if not query:
        return {"query": "", "results": None}
    chosen = {name: arguments.get(name, "") for name in ("type", "service", "section", "language")}
    number = min(requested_page(), DEEPEST_PAGE)
    results, articles = search_articles(
        query,
        reader,
        filters=_filters(chosen),
        sort=Sort.DATE if arguments.get("sort") == "date" else Sort.RELEVANCE,
        limit=PER_PAGE,
        offset=(number - 1) * PER_PAGE,
        correct=arguments.get("exact") != "1",
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
        "sort": arguments.get("sort", "relevance"),
        "type_names": TYPE_NAMES,
    }


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

    return Filters(types=one("type"), services=one("service"), sections=one("section"), languages=one("language"))


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
        values = [(value, _name_of(name, value), count) for value, count in ordered if value]
        if len(values) > 1 or chosen[name]:
            facets.append(Facet(name, heading, values, chosen[name]))
    return facets


def _name_of(facet: str, value: str) -> Any:
    if facet == "type" and value in set(ArticleType):
        return TYPE_NAMES[ArticleType(value)]
    if facet == "language" and value in LOCALES:
        return {"en": "English", "de": "Deutsch"}[value]
    return value
