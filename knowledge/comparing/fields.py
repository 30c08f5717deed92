"""What differs in the fields of two versions, in words."""

from dataclasses import dataclass

from flask_babel import gettext

from knowledge.comparing.difference import Piece, words_between
from knowledge.models import ArticleVersion


@dataclass(frozen=True)
class ChangedField:
    """A field with both values, the words that changed marked."""

    label: str
    old: tuple[Piece, ...]
    new: tuple[Piece, ...]


def changed_fields(old: ArticleVersion, new: ArticleVersion) -> list[ChangedField]:
    labels = {
        "title": gettext("Title"),
        "summary": gettext("Summary"),
        "type": gettext("Type"),
        "language": gettext("Language"),
        "tags": gettext("Tags"),
        "services": gettext("Services"),
        "audience": gettext("Who may read it"),
    }
    found = []
    for name, label in labels.items():
        before, after = _words(getattr(old, name)), _words(getattr(new, name))
        if before != after:
            found.append(ChangedField(label, *words_between(before, after)))
    return found


def _words(value: str | list[str]) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value).replace("_", " ")
