from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Identified, Model, Timestamped
from portal.directory.api import Service


class Category(Identified, Timestamped, Model):
    """What a ticket is about, as a tree; a retired one stays on the tickets that have it."""

    __tablename__ = "category"

    key: Mapped[str] = mapped_column(String(80), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    # Where a ticket of this category usually belongs.
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(default="")
    # The same in other languages: {"de": {"name": ..., "description": ...}}.
    translations: Mapped[dict[str, dict[str, str]]] = mapped_column(default=dict)
    # Words people use, in any language, for sorting tickets.
    keywords: Mapped[list[str]] = mapped_column(default=list)
    is_active: Mapped[bool] = mapped_column(default=True)

    parent: Mapped["Category | None"] = relationship(remote_side="Category.id")
    service: Mapped[Service | None] = relationship()

    def __str__(self) -> str:
        return self.name

    def name_in(self, locale: str) -> str:
        return self.translations.get(locale, {}).get("name") or self.name

    def description_in(self, locale: str) -> str:
        return self.translations.get(locale, {}).get("description") or self.description
