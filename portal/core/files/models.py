from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core import clock
from portal.core.db import Identified, Model


class StoredFile(Identified, Model):
    """What is known of an uploaded file; its bytes lie in the data folder under their digest."""

    __tablename__ = "stored_file"

    digest: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")

    def __str__(self) -> str:
        return self.name
