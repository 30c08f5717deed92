from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.enums import TransferKind, TransferState
from portal.core import clock
from portal.core.db import Identified, Model, text_enum
from portal.directory.api import User


class Transfer(Identified, Model):
    """Articles on their way in or out as files: asked for by one person, done by the worker, deleted after some days.

    Its files lie in the data folder, in a folder of its number.
    """

    __tablename__ = "article_transfer"
    __table_args__ = (Index("ix_article_transfer_state", "state", "beat_at"),)

    kind: Mapped[TransferKind] = mapped_column(text_enum(TransferKind))
    state: Mapped[TransferState] = mapped_column(text_enum(TransferState), default=TransferState.WAITING)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    # What people call it: a section, "12 articles", the name of a zip.
    label: Mapped[str] = mapped_column(String(200))
    options: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    # Files or pages; the total is 0 while nobody knows it.
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    # How often a worker has begun: one that kills its worker must not be tried for ever.
    attempts: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    # The last sign of life of the worker; a silent one is taken over by another.
    beat_at: Mapped[datetime] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None]

    asked_by: Mapped[User] = relationship()

    def __str__(self) -> str:
        return self.label

    @property
    def is_over(self) -> bool:
        return self.state in (TransferState.DONE, TransferState.FAILED)
