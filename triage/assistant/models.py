from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Identified, Model, Timestamped, text_enum
from triage.assistant.enums import Outcome
from triage.tickets.api import ArticleUse, Ticket


class Conversation(Identified, Timestamped, Model):
    """What somebody asked, what was offered, and what came of it. Whoever has the token can go on with it."""

    __tablename__ = "conversation"
    is_fact = False
    __table_args__ = (
        CheckConstraint("(outcome = 'handed_over') = (ticket_id IS NOT NULL)", name="handed_over_has_a_ticket"),
        Index("ix_conversation_outcome", "outcome", "updated_at"),
    )

    token: Mapped[str] = mapped_column(String(64), unique=True)
    # Empty while the person is not signed in.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"), index=True)
    text: Mapped[str]
    outcome: Mapped[Outcome] = mapped_column(text_enum(Outcome), default=Outcome.OPEN)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), unique=True)

    ticket: Mapped[Ticket | None] = relationship()
    articles: Mapped[list["ConversationArticle"]] = relationship(
        order_by="ConversationArticle.rank, ConversationArticle.id", cascade="all, delete-orphan"
    )

    def __str__(self) -> str:
        return self.text[:80]

    def use_of(self, article_id: int) -> ArticleUse | None:
        return next((row.use for row in self.articles if row.article_id == article_id), None)


class ConversationArticle(Identified, Timestamped, Model):
    """An article offered in a conversation, at which place, and what the person did with it."""

    __tablename__ = "conversation_article"
    __table_args__ = (UniqueConstraint("conversation_id", "article_id"),)

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), index=True)
    rank: Mapped[int]
    use: Mapped[ArticleUse] = mapped_column(text_enum(ArticleUse), default=ArticleUse.SHOWN)
