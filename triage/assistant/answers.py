"""Articles that may answer what somebody wrote: the one place where the assistant asks the knowledge base."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from flask import Flask, current_app, url_for

from knowledge.api import list_readable
from portal.directory.api import User

MOST = 4
_SOURCE = "assistant_articles"

Source = Callable[..., Iterable[Any]]


@dataclass(frozen=True)
class Answer:
    """An article offered as an answer: where it is and the passage that fits best."""

    article_id: int
    title: str
    url: str
    passage: str


def find_articles(text: str, audience_tokens: Collection[str], *, limit: int = MOST) -> list[Answer]:
    """Return the articles that fit a text best, of those somebody with these audience tokens may read."""
    source: Source | None = current_app.extensions.get(_SOURCE)
    if source is None or not text.strip():
        return []
    found = source(text, tokens=audience_tokens, limit=limit)
    return [Answer(item.article_id, item.title, item.url, item.passage) for item in found]


def read_again(article_ids: Iterable[int], reader: User) -> list[Answer]:
    """Return articles offered before, as far as somebody may still read them; one query and no search."""
    return [
        Answer(article.id, article.title, url_for("knowledge.article", article_id=article.id, slug=article.slug), "")
        for article in list_readable(article_ids, reader).values()
    ]


def init_app(app: Flask) -> None:
    app.extensions[_SOURCE] = _knowledge_source()


def use_source(app: Flask, source: Source | None) -> Source | None:
    """Let another source answer, None for nothing, and return the one it replaced."""
    previous: Source | None = app.extensions.get(_SOURCE)
    app.extensions[_SOURCE] = source
    return previous


def _knowledge_source() -> Source | None:
    # A portal without the knowledge base still takes tickets.
    try:
        source: Source | None = getattr(import_module("knowledge.api"), "suggest_articles", None)
    except ModuleNotFoundError:
        return None
    return source
