"""Work of the knowledge base that the worker does."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from knowledge.enums import READABLE_STATES, RequestState
from knowledge.models import Article, ArticleQuality, ChangeRequest, ResolvedNews, SubscriberNews
from portal.core import clock
from portal.core.db import db, unit_of_work
from portal.core.errors import Refused
from portal.core.jobs import Schedule, job, stopping

CHECKED_AT_ONCE = 50

News = TypeVar("News", SubscriberNews, ResolvedNews)

logger = logging.getLogger(__name__)


@job("knowledge.index_changes", every=Schedule(minute="*"), at_start=True, long=True)
def index_changes() -> None:
    """Bring the search index up to what ``search_change`` tells (see ``knowledge.queries.changes``)."""
    # The engine with its numerics is loaded when there is work for it, not at every start.
    from knowledge.indexing.opening import prepare_model, release_index
    from knowledge.indexing.services import take_up_changes

    # New articles first: their words can be found before a first start has prepared the model.
    if take_up_changes():
        from knowledge.services.neighbours import relate_new

        relate_new()
    prepare_model()
    # Articles change now and then; the worker need not hold a hundred megabytes for it all day.
    release_index()


@job("knowledge.heal_index", every=Schedule(hour="3", minute="20"), long=True)
def heal_index() -> None:
    """Find and mend what drifted between articles and index."""
    from knowledge.indexing.opening import release_index
    from knowledge.indexing.services import heal_index as heal

    heal()
    release_index()


@job("knowledge.relate_articles", every=Schedule(hour="4", minute="10"), long=True)
def relate_articles() -> None:
    """Find for every article anew which others are close in meaning."""
    from knowledge.indexing.opening import release_index
    from knowledge.services.neighbours import relate_all

    relate_all()
    release_index()


@job("knowledge.compare_draft")
def compare_draft(article_id: int) -> None:
    """Find whether what somebody saved says the same as another article."""
    from knowledge.indexing.opening import release_index
    from knowledge.services.neighbours import compare_draft as compare

    compare(article_id)
    release_index()


@job("knowledge.run_transfer", long=True)
def run_transfer(transfer_id: int) -> None:
    """Do what somebody asked for and watches: a PDF of many articles, an import."""
    from knowledge.services.transferring import run

    run(transfer_id)


@job("knowledge.take_up_transfers", every=Schedule(minute="*"), at_start=True)
def take_up_transfers() -> None:
    """Go on with what a killed worker left behind."""
    from knowledge.services.transfers import waiting_transfers

    for transfer_id in waiting_transfers():
        run_transfer.queue(transfer_id)


@job("knowledge.print_article")
def print_article(digest: str) -> None:
    """Set the PDF of one article that takes too long for a reader to wait."""
    from knowledge.services.printing import print_kept

    print_kept(digest)


@job("knowledge.forget_transfers", every=Schedule(hour="3", minute="50"))
def forget_transfers() -> None:
    """Delete files made for people some days ago."""
    from knowledge.services.printing import forget_old_pdfs
    from knowledge.services.transfers import forget_old_transfers

    with unit_of_work():
        forget_old_transfers()
    forget_old_pdfs()


@job("knowledge.publish_scheduled", every=Schedule(minute="*"))
def publish_scheduled() -> None:
    """Publish the change requests whose time has come, each in a transaction of its own."""
    # Services queue jobs of this module, so they cannot be imported before it.
    from knowledge.queries.reviews import lock_request
    from knowledge.services.publishing import publish_scheduled as publish
    from knowledge.services.publishing import unschedule_request

    due = sa.select(ChangeRequest.id).where(
        ChangeRequest.state == RequestState.SCHEDULED, ChangeRequest.publish_at <= clock.now()
    )
    for request_id in db.session.scalars(due.order_by(ChangeRequest.publish_at)).all():
        try:
            with unit_of_work():
                request = lock_request(request_id)
                if request is not None and request.state is RequestState.SCHEDULED:
                    publish(request)
        except Refused as refusal:
            logger.warning("Change request %d was not published: %s", request_id, refusal.sentence)
            with unit_of_work():
                request = lock_request(request_id)
                if request is not None and request.state is RequestState.SCHEDULED:
                    unschedule_request(request, reason=refusal.sentence)


@job("knowledge.remind_of_reviews", every=Schedule(hour="5", minute="20"))
def remind_of_reviews() -> None:
    """Move overdue articles on: remind the owner, tell the team lead, take them from the search."""
    from knowledge.services.life_cycle import advance_overdue, next_step

    due = sa.select(Article.id).where(
        Article.state.in_(READABLE_STATES), Article.review_due_at <= clock.now(), Article.review_stage < 3
    )
    for article_id in db.session.scalars(due.order_by(Article.review_due_at)).all():
        with unit_of_work():
            article = db.session.get(Article, article_id, with_for_update=True, populate_existing=True)
            stage = next_step(article) if article else None
            if article is not None and stage is not None:
                advance_overdue(article, stage)


@job("knowledge.tell_subscribers", every=Schedule(minute="*"), at_start=True)
def tell_subscribers() -> None:
    """Tell those who subscribed of newly published versions and of resolved known errors, some of them a transaction."""
    from knowledge.services.subscribing import tell_some, tell_some_resolved

    _tell_all(SubscriberNews, SubscriberNews.version_id, tell_some)
    _tell_all(ResolvedNews, ResolvedNews.article_id, tell_some_resolved)


@job("knowledge.forget_readers", every=Schedule(minute="10"))
def forget_readers() -> None:
    """Delete what told the readers of past days apart; their numbers stay."""
    from knowledge.services.viewing import forget_readers as forget

    with unit_of_work():
        forget()


@job("knowledge.check_unchecked", every=Schedule(minute="*/10"), long=True)
def check_unchecked() -> None:
    """Check the versions that were saved without being checked, as an import saves them."""
    unchecked = sa.or_(ArticleQuality.article_id.is_(None), ArticleQuality.version_number != Article.latest_number)
    query = sa.select(Article.id).outerjoin(ArticleQuality, ArticleQuality.article_id == Article.id).where(unchecked)
    _check(db.session.scalars(query.order_by(Article.id)).all())


@job("knowledge.check_articles", every=Schedule(hour="4", minute="40"), long=True)
def check_articles() -> None:
    """Check every article again: what it links to may be gone since it was saved."""
    _check(db.session.scalars(sa.select(Article.id).where(Article.state != "retired").order_by(Article.id)).all())


@job("knowledge.check_links", every=Schedule(minute="35"), long=True)
def check_links() -> None:
    """Try the links to other sites that are due, where the portal is set to."""
    from knowledge.services.link_checks import check_links as check

    check()


def _tell_all(kind: type[News], key: InstrumentedAttribute[int], tell: Callable[[News], bool]) -> None:
    for number in db.session.scalars(sa.select(key).order_by(key)).all():
        left = True
        while left and not stopping.is_set():
            with unit_of_work():
                news = db.session.get(kind, number, with_for_update=True, populate_existing=True)
                left = news is not None and tell(news)
                if news is not None and not left:
                    db.session.delete(news)


def _check(ids: Sequence[int]) -> None:
    """Check articles, a batch a transaction, which begins when the checks are done: nobody waits for them."""
    from knowledge.services.checking import find_problems, keep_findings

    for start in range(0, len(ids), CHECKED_AT_ONCE):
        found = find_problems(ids[start : start + CHECKED_AT_ONCE])
        with unit_of_work():
            keep_findings(found)
        db.session.expunge_all()
