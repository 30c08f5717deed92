"""From what people opened to which article is right for a search: what the weights of the search are learned from.

A visit speaks for one article: the one that it said had helped, else the last one that it opened, when it neither
tried other words within minutes nor asked a person. An article is right for a search when enough visits spoke for it,
one that said so counting as ``SAID``, and at least half as many as for the article with the most.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, TextIO

import sqlalchemy as sa

from knowledge.exporting.markdown import exported_paths
from knowledge.search.parse import parse
from knowledge.tuning.enums import Event, SearchOutcome
from knowledge.tuning.masking import HIDDEN_MAIL, HIDDEN_NUMBER, HIDDEN_SECRET
from knowledge.tuning.models import SearchQuery, SearchStep
from portal.core import clock
from portal.core.audit import services as audit
from portal.core.db import db

SAID = 2
"""What a visit counts that said that an article helped; having opened it last counts one."""
_LOOKS_SO = 0.5
"""From so much of a shape on, half sentence or a quarter of the words in codes, a search is called by it."""
_AT_ONCE = 500

Step = tuple[SearchOutcome, int | None]


class Kind(StrEnum):
    """What a search looks like, as far as its text tells."""

    QUESTION = "question"
    KEYWORDS = "keywords"
    TYPO = "typo"
    EXACT = "exact"


@dataclass(frozen=True)
class JudgedSearch:
    """A search, with the articles that people chose for it, the most often chosen first."""

    text: str
    kind: Kind
    article_ids: tuple[int, ...]


def export_judged(stream: TextIO, *, days: int | None = None, least: int = 2) -> int:
    """Write the judged searches as lines of JSON, as benchmarks/search.py reads them; returns how many.

    The paths are those of ``portico export-articles``. Articles that are no longer published are left out. The export
    is recorded in the audit trail.
    """
    paths, written = exported_paths(), 0
    for search in judged_searches(days=days, least=least):
        right = [paths[number] for number in search.article_ids if number in paths]
        if right:
            line = {"query": search.text, "kind": search.kind.value, "paths": right}
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            written += 1
    audit.record(Event.LOG_EXPORTED, SearchQuery(), actor=None, after={"searches": written}, label="all searches")
    return written


def judged_searches(*, days: int | None = None, least: int = 2) -> list[JudgedSearch]:
    """Return the searches for which people chose something, in the order of their words.

    :param least: how many visits must have spoken for an article, one that said it helped counting as ``SAID``.
    """
    votes: dict[str, Counter[int]] = defaultdict(Counter)
    texts: dict[str, str] = {}
    mended: Counter[str] = Counter()
    for asked, steps in _asked_with_steps(days):
        # What was masked is not what was typed.
        if any(mark in asked.text for mark in (HIDDEN_MAIL, HIDDEN_NUMBER, HIDDEN_SECRET)) or not asked.words:
            continue
        texts[asked.words] = asked.text
        mended[asked.words] += 1 if asked.corrected else -1
        article_id, votes_for_it = chosen(steps, tried_again=bool(asked.next_words))
        if article_id is not None:
            votes[asked.words][article_id] += votes_for_it
    found = []
    for words, counted in sorted(votes.items()):
        enough = max(least, max(counted.values()) / 2)
        right = tuple(number for number, count in counted.most_common() if count >= enough)
        if right:
            found.append(JudgedSearch(texts[words], kind_of(texts[words], corrected=mended[words] > 0), right))
    return found


def chosen(steps: Sequence[Step], *, tried_again: bool) -> tuple[int | None, int]:
    """Return the article that a visit spoke for after a search, if any, and what that counts.

    :param steps: what came of the search, in order: an outcome and an article.
    """
    said = [article_id for outcome, article_id in steps if outcome is SearchOutcome.SOLVED]
    if said:
        return said[-1], SAID
    opened = [article_id for outcome, article_id in steps if outcome is SearchOutcome.OPENED]
    asked = any(outcome is SearchOutcome.ASKED for outcome, _ in steps)
    return (opened[-1], 1) if opened and not asked and not tried_again else (None, 0)


def kind_of(text: str, *, corrected: bool) -> Kind:
    """Return what a search looks like: codes before all, then mended spelling, then sentences."""
    shape = parse(text).shape
    if shape.code >= _LOOKS_SO:
        return Kind.EXACT
    if corrected:
        return Kind.TYPO
    return Kind.QUESTION if shape.sentence >= _LOOKS_SO else Kind.KEYWORDS


def _asked_with_steps(days: int | None) -> Iterator[tuple[sa.Row[*tuple[Any, ...]], list[Step]]]:
    """The searches that something came of, the oldest first, with what that was; a few hundred at once."""
    columns = (SearchQuery.id, SearchQuery.token, SearchQuery.text, SearchQuery.words)
    query = (
        sa.select(*columns, SearchQuery.corrected, SearchQuery.next_words)
        .where(sa.exists().where(SearchStep.token == SearchQuery.token))
        .order_by(SearchQuery.id)
        .limit(_AT_ONCE)
    )
    if days is not None:
        query = query.where(SearchQuery.at >= clock.now() - timedelta(days=days))
    last = 0
    while searches := db.session.execute(query.where(SearchQuery.id > last)).all():
        last = searches[-1].id
        came = sa.select(SearchStep.token, SearchStep.outcome, SearchStep.article_id)
        came = came.where(SearchStep.token.in_([asked.token for asked in searches]))
        by_token: dict[str, list[Step]] = defaultdict(list)
        for token, outcome, article_id in db.session.execute(came.order_by(SearchStep.at, SearchStep.id)):
            by_token[token].append((outcome, article_id))
        yield from ((asked, by_token[asked.token]) for asked in searches)
