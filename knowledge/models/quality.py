from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.core import clock
from portal.core.db import Model


class ArticleQuality(Model):
    """What the automatic checks found in the newest version of an article."""

    __tablename__ = "article_quality"

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    version_number: Mapped[int]
    # 0 to 100; an article passes with 70.
    score: Mapped[int] = mapped_column(index=True)
    # One entry a finding, with "check" and "detail".
    problems: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    checked_at: Mapped[datetime] = mapped_column(default=clock.now)
