from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core import clock
from portal.core.db import Model


class SentForm(Model):
    """A form that was taken, and where it led; written in the transaction of what it changed."""

    __tablename__ = "sent_form"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    location: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
