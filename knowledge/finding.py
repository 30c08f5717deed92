"""Searching the articles for a reader.

The audience is applied inside the index, before ranking and counting; the database has the last word about each hit,
so that an article that was restricted a moment ago is not shown while the index catches up.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup

from knowledge.indexing.mending import ask_for_mending
from knowledge.indexing.opening import search_index
from knowledge.models import Article
from knowledge.permissions import Reader, opens, visible_to
from knowledge.search.document import Favour, Favoured, Filters, Hit, Mode, Results, Sort, Why
from knowledge.search.words import EVERY_STOP_WORD, words
from knowledge.tuning.popular import suggest_searches
from knowledge.tuning.rules import Rules, current_rules
from portal.core.db import db
from portal.core.web.remembering import remembered_each

# Of a search that found nothing, each word by itself; a few milliseconds each.
MOST_WORDS_TRIED = 12


@dataclass(frozen=True)
class FoundArticle:
    """One result as a page shows it: title and passage are safe HTML with the matched words marked."""

    id: int
    title: Markup
    passage: Markup
    heading: str
    url: str
    type: str
    section: str
    language: str
    updated_at: datetime
    why: Why
    matched: tuple[str, ...]
    similar: int
    favour: Favour | None = None

    def url_from(self, search: str) -> str:
        """The address with the name of the search it was found by, so that opening it is counted."""
        path, mark, anchor = self.url.partition("#")
        return f"{path}?from={search}{mark}{anchor}"


@dataclass(frozen=True)
class ArticleSuggestion:
    """An article that may answer a text, with the passage that fits best as plain words."""

    article_id: int
    title: str
    url: str
    passage: str


@dataclass(frozen=True)
class TypedSuggestion:
    """A title offered while somebody types."""

    title: str
    url: str


def search_articles(
    query: str,
    reader: Reader,
    *,
    filters: Filters | None = None,
    sort: Sort = Sort.RELEVANCE,
    limit: int = 10,
    offset: int = 0,
    correct: bool = True,
    rules: Rules | None = None,
    favoured: Favoured | None = None,
) -> tuple[Results, list[FoundArticle]]:
    """Return what a reader may see of the articles that fit a query: the engine's answer, and its hits for a page.

    No text is refused and no failure of the index reaches the caller: the results say so in ``degraded``. ``rules``
    are other synonyms and promoted answers than those that hold now, to be tried out; ``favoured`` is what is near to
    the reader and stands a little higher.
    """
    rules = rules or current_rules()
    results = search_index().search(
        query,
        audience=reader.audience_tokens,
        filters=filters,
        sort=sort,
        limit=limit,
        offset=offset,
        correct=correct,
        synonyms=rules.synonyms,
        promoted=rules.promoted(query),
        favoured=favoured,
    )
    if search_index().engine.damage:
        ask_for_mending()
    slugs = _slugs([hit.document_id for hit in results.hits], reader)
    return results, [_found(hit, slugs[hit.document_id]) for hit in results.hits if hit.document_id in slugs]


def suggest_articles(text: str, *, tokens: Collection[str], limit: int = 4) -> list[ArticleSuggestion]:
    """Return the articles that answer a text in a person's own words best, for readers with these audience tokens."""
    rules = current_rules()
    hits = (
        search_index()
        .search(text, audience=tokens, limit=limit, synonyms=rules.synonyms, promoted=rules.promoted(text))
        .hits
    )
    ids = [hit.document_id for hit in hits]
    query = sa.select(Article.id, Article.slug).where(Article.id.in_(ids), opens(frozenset(tokens)))
    slugs = {row.id: row.slug for row in db.session.execute(query)}
    return [
        ArticleSuggestion(hit.document_id, hit.title, _url(hit, slugs[hit.document_id]), _passage(hit).striptags())
        for hit in hits
        if hit.document_id in slugs
    ]


def suggest_titles(typed: str, reader: Reader, *, limit: int = 8) -> list[TypedSuggestion]:
    """Return titles to offer while somebody types; a few milliseconds."""
    found = search_index().suggest(typed, audience=reader.audience_tokens, limit=limit)
    slugs = _slugs([item.document_id for item in found], reader)
    return [
        TypedSuggestion(
            item.title, url_for("knowledge.article", article_id=item.document_id, slug=slugs[item.document_id])
        )
        for item in found
        if item.document_id in slugs
    ]


def suggest_queries(typed: str, reader: Reader, *, limit: int = 3) -> list[str]:
    """Return searches that helped others, to offer while somebody types."""
    return suggest_searches(typed, search_index(), reader.audience_tokens, limit)


def broader_queries(query: str, reader: Reader, *, limit: int = 4) -> list[str]:
    """Return single words of a search that found nothing which find something by themselves, the longest first."""
    single = sorted({word for word in words(query) if len(word) > 2} - EVERY_STOP_WORD, key=lambda word: -len(word))
    index, tokens = search_index(), reader.audience_tokens
    return [
        word
        for word in single[:MOST_WORDS_TRIED]
        if index.search(word, audience=tokens, mode=Mode.KEYWORD, limit=0, correct=False).total
    ][:limit]


def _slugs(ids: Sequence[int], reader: Reader) -> dict[int, str]:
    """Return the names in the addresses of those articles that a reader may see."""

    def read(asked: Collection[int]) -> dict[int, str]:
        query = sa.select(Article.id, Article.slug).where(Article.id.in_(asked), visible_to(reader))
        return {row.id: row.slug for row in db.session.execute(query)}

    return remembered_each(read, ids, "slug of article", reader.audience_tokens)


def _found(hit: Hit, slug: str) -> FoundArticle:
    return FoundArticle(
        id=hit.document_id,
        title=Markup(hit.title_html),  # noqa: S704 (the engine escapes the words it quotes)
        passage=_passage(hit),
        heading=hit.quote.heading if hit.quote else "",
        url=_url(hit, slug),
        type=hit.type,
        section=hit.section,
        language=hit.language,
        updated_at=hit.updated_at,
        why=hit.why,
        matched=hit.matched,
        similar=len(hit.similar),
        favour=hit.favour,
    )


def _passage(hit: Hit) -> Markup:
    return Markup(hit.quote.html) if hit.quote else Markup("")  # noqa: S704 (escaped by the engine)


def _url(hit: Hit, slug: str) -> str:
    anchor = hit.quote.anchor if hit.quote else None
    return url_for("knowledge.article", article_id=hit.document_id, slug=slug, _anchor=anchor or None)
