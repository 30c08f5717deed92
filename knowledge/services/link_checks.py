"""Trying the external links of articles: politely, guarded, and only where a setting says so."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from urllib.parse import urljoin, urlsplit

import sqlalchemy as sa
from flask import current_app

from knowledge.models import Article, ArticleLink
from knowledge.services.checking import recheck_articles
from portal.core import clock
from portal.core.db import db, unit_of_work
from portal.core.jobs import stopping
from portal.core.outgoing import Answer, HostUnknown, OutgoingRefused, ask

AGAIN_AFTER = timedelta(days=7)
# What failed once may only have been restarted.
FAILED_AGAIN_AFTER = timedelta(days=1)
MOST_AT_ONCE = 300
PAUSE_SECONDS = 2.0
_MOST_REDIRECTS = 5
_LONGEST = 2_000
_GONE = {404, 410}
# Fewer say nothing about whether this machine reaches the outside at all.
_ENOUGH_TO_TELL = 5

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """What came of trying an address. ``problem`` is empty when it leads somewhere, or may not be asked about."""

    problem: str = ""
    # False: it may be well tomorrow, so one failure is not told yet.
    is_certain: bool = True


def check_links(*, pause: float = PAUSE_SECONDS, most: int = MOST_AT_ONCE) -> int:
    """Try the links that are due, one at a time, and keep what came of it; returns how many. Commits as it goes.

    Between two requests to one host lie ``pause`` seconds. When nothing outside answers at all, it is this machine that
    has no way out, and nothing is kept.
    """
    if not current_app.extensions["portico_settings"].check_external_links:
        return 0
    due = _due(most)
    db.session.rollback()
    verdicts: dict[str, Verdict] = {}
    asked_at: dict[str, float] = {}
    for address in _one_host_after_another(due):
        host = urlsplit(address).hostname or ""
        if stopping.wait(max(0.0, asked_at.get(host, -pause) + pause - monotonic())):
            break
        verdicts[address] = try_address(address)
        asked_at[host] = monotonic()
    if len(verdicts) >= _ENOUGH_TO_TELL and not any(verdict.is_certain for verdict in verdicts.values()):
        logger.warning("None of %d external links answered; this machine seems to have no way out.", len(verdicts))
        return 0
    for address, verdict in verdicts.items():
        with unit_of_work():
            _keep(address, verdict)
    return len(verdicts)


def try_address(address: str) -> Verdict:
    """Ask for the head of an address, then for all of it when that is refused, following a few redirects.

    Each address on the way is checked as the first: one of a private network is not asked and is no broken link.
    """
    try:
        status = _status(address)
    except HostUnknown:
        return Verdict("unknown host", is_certain=False)
    except OutgoingRefused:
        return Verdict()
    except (OSError, ValueError):
        return Verdict("no answer", is_certain=False)
    if status in _GONE:
        return Verdict(str(status))
    return Verdict(str(status), is_certain=False) if status >= 500 else Verdict()


def _status(address: str) -> int:
    for _ in range(_MOST_REDIRECTS + 1):
        answer = _asked(address, "HEAD")
        if answer.status >= 400:
            # Many servers answer the head alone with an error.
            answer = _asked(address, "GET")
        if not (300 <= answer.status < 400 and answer.location):
            return answer.status
        address = urljoin(address, answer.location)
    raise OSError("redirected too often")


def _asked(address: str, method: str) -> Answer:
    base: str = current_app.extensions["portico_settings"].base_url
    headers = {"User-Agent": f"Portico link check (+{base})", "Accept": "*/*"}
    return ask(address, method=method, headers=headers, longest=_LONGEST)


def _due(most: int) -> Sequence[str]:
    """Return the addresses nobody tried lately, those never tried first."""
    now = clock.now()
    failed = sa.and_(ArticleLink.failures > 0, ArticleLink.checked_at < now - FAILED_AGAIN_AFTER)
    query = (
        sa.select(ArticleLink.address)
        .join(Article, Article.id == ArticleLink.article_id)
        .where(ArticleLink.kind == "external", Article.state != "retired")
        .where(sa.or_(ArticleLink.checked_at.is_(None), ArticleLink.checked_at < now - AGAIN_AFTER, failed))
        .group_by(ArticleLink.address)
        .order_by(
            sa.func.min(ArticleLink.checked_at).is_not(None), sa.func.min(ArticleLink.checked_at), ArticleLink.address
        )
        .limit(most)
    )
    return db.session.scalars(query).all()


def _one_host_after_another(addresses: Sequence[str]) -> list[str]:
    """Mix the hosts, so that the pause of one is spent with the others."""
    by_host: dict[str, list[str]] = defaultdict(list)
    for address in addresses:
        by_host[urlsplit(address).hostname or ""].append(address)
    places = {address: place for of_host in by_host.values() for place, address in enumerate(of_host)}
    return sorted(addresses, key=lambda address: places[address])


def _keep(address: str, verdict: Verdict) -> None:
    links = db.session.scalars(
        sa.select(ArticleLink).where(ArticleLink.kind == "external", ArticleLink.address == address)
    ).all()
    changed = set()
    for link in links:
        link.checked_at = clock.now()
        link.failures = link.failures + 1 if verdict.problem else 0
        told = verdict.problem if verdict.is_certain or link.failures > 1 else ""
        if link.problem != told:
            link.problem = told
            changed.add(link.article_id)
    db.session.flush()
    recheck_articles(sorted(changed))
