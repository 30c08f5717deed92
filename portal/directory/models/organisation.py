from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Identified, Model, Timestamped


class Organisation(Identified, Timestamped, Model):
    """Name and look of the portal: a single row."""

    __tablename__ = "organisation"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    name: Mapped[str] = mapped_column(String(120))
    accent: Mapped[str] = mapped_column(String(7))

    def __str__(self) -> str:
        return self.name
