"""Tables of what owners set for the search, and of what was searched."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.models import Article
from knowledge.tuning.enums import PromotionMatch, SearchOutcome
from portal.core import clock
from portal.core.db import Identified, Model, Timestamped, text_enum
from portal.directory.api import User


class SynonymGroup(Identified, Timestamped, Model):
    """Words and phrases that mean the same: who searches for one also finds the others."""

    __tablename__ = "synonym_group"
    # What the audit trail tells of it.
    stated = ("terms", "note")

    terms: Mapped[list[str]]
    note: Mapped[str] = mapped_column(String(300), default="")
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))

    updated_by: Mapped[User | None] = relationship()

    def __str__(self) -> str:
        return " = ".join(self.terms)


class PromotedAnswer(Identified, Timestamped, Model):
    """An article that stands first for some searches, for those who may read it."""

    __tablename__ = "promoted_answer"
    stated = ("article_id", "phrases", "match", "last_day", "note")

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), index=True)
    phrases: Mapped[list[str]]
    match: Mapped[PromotionMatch] = mapped_column(text_enum(PromotionMatch))
    # The last day on which it is shown; None: until somebody removes it.
    last_day: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(300), default="")
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))

    article: Mapped[Article] = relationship()
    updated_by: Mapped[User | None] = relationship()

    def __str__(self) -> str:
        return ", ".join(self.phrases)


class SearchQuery(Identified, Model):
    """One search in one visit; it says nothing about who searched."""

    __tablename__ = "search_query"
    __table_args__ = (Index("ix_search_query_visit_at", "visit", "at"), Index("ix_search_query_at", "at"))

    # One for each text and visit: who looks at a result and comes back has searched once.
    token: Mapped[str] = mapped_column(String(16), unique=True)
    visit: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    # As typed, without what looks like an address, a number or a password.
    text: Mapped[str] = mapped_column(String(200))
    # The form in which two people who ask the same meet.
    words: Mapped[str] = mapped_column(String(200), index=True)
    results: Mapped[int]
    corrected: Mapped[bool]
    degraded: Mapped[bool]
    # What the same visit searched for next, without having opened anything; empty when it did not go on.
    next_words: Mapped[str] = mapped_column(String(200), default="")


class SearchStep(Identified, Model):
    """What came of a search: an article was opened, it solved the problem, or a person was asked."""

    __tablename__ = "search_step"
    __table_args__ = (Index("ix_search_step_token", "token", "outcome"), Index("ix_search_step_at", "at"))

    # No foreign key: another process may write the search itself a moment later.
    token: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[SearchOutcome] = mapped_column(text_enum(SearchOutcome))
    article_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(default=clock.now)


class PopularQuery(Identified, Model):
    """A search that helped in several visits and may be offered while somebody types; made anew now and then."""

    __tablename__ = "popular_query"

    words: Mapped[str] = mapped_column(String(200), unique=True)
    text: Mapped[str] = mapped_column(String(200))
    visits: Mapped[int]
    # What was opened for it, the most often first.
    article_ids: Mapped[list[int]] = mapped_column(sa.JSON)
