"""From front matter to the fields of an article: the table of ``docs/import.md``."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any

from flask_babel import gettext

from knowledge.audience import is_token
from knowledge.enums import ArticleType, ErrorState
from knowledge.importing.front_matter import FileRefused

# Raise it when the mapping changes: files that did not change are then read again.
MAPPING = 1
FIELDS: dict[str, tuple[str, ...]] = {
    "title": ("title",),
    "summary": ("summary", "description"),
    "type": ("type", "ms.topic"),
    "section": ("section",),
    "tags": ("tags", "keywords"),
    "services": ("services",),
    "products": ("appliesto",),
    "audience": ("audience",),
    "language": ("language", "lang", "locale"),
    "owner_team": ("owner_team",),
    "owner": ("owner",),
    "review_months": ("review_months",),
    "reviewed_at": ("reviewed_at", "ms.date", "date"),
    "error_state": ("error_state",),
    "error_note": ("error_note",),
}
_USED = {name for names in FIELDS.values() for name in names}
TYPES = {
    "how-to": ArticleType.HOW_TO,
    "tutorial": ArticleType.HOW_TO,
    "quickstart": ArticleType.HOW_TO,
    "conceptual": ArticleType.HOW_TO,
    "article": ArticleType.HOW_TO,
    "overview": ArticleType.HOW_TO,
    "reference": ArticleType.HOW_TO,
    "troubleshooting": ArticleType.TROUBLESHOOTING,
    "known-error": ArticleType.KNOWN_ERROR,
    "known-issue": ArticleType.KNOWN_ERROR,
    "faq": ArticleType.FAQ,
    "procedure": ArticleType.PROCEDURE,
    "call-script": ArticleType.PROCEDURE,
}
# Words other systems write there that say nothing about rights.
_NO_AUDIENCE = {"itpro", "admin", "administrator", "developer", "end-user", "enduser", "user", "all"}
# Says that the article has no audience of its own.
AS_SECTION = "section"
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[a-zA-Z]{2,4})?")
_FIRST_HEADING = re.compile(r"\A\s*#[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Fields:
    """What a file says about itself, with names still to be looked up."""

    title: str
    summary: str
    type: ArticleType
    section: tuple[str, ...]
    tags: tuple[str, ...]
    services: tuple[str, ...]
    products: tuple[str, ...]
    # None: not said; empty: as in the section. Teams still stand by their key.
    audience: tuple[str, ...] | None
    language: str
    owner_team: str
    owner: str
    review_months: int | None
    reviewed_at: datetime | None
    # Of a known error; None: as its text says.
    error_state: ErrorState | None
    error_note: str
    notes: tuple[str, ...]


def fields_of(front: dict[str, Any], body: str, path: PurePosixPath, *, root_name: str, language: str) -> Fields:
    """Read the fields of a file; what the front matter leaves out comes from text and folder.

    Raises:
        FileRefused: a value would be misunderstood: an unknown audience, a period that is no number.
    """
    notes: list[str] = []

    def value(field: str) -> Any:
        return next((front[name] for name in FIELDS[field] if front.get(name) not in (None, "")), None)

    heading = _FIRST_HEADING.match(body)
    title = _line(value("title")) or (heading[1] if heading else "") or _words(path.stem)
    kind = _line(value("type")).lower().replace("_", "-").replace(" ", "-")
    if kind and kind not in TYPES:
        notes.append(gettext("The type “%(type)s” is unknown; taken as how-to.", type=kind))
    return Fields(
        title=title,
        summary=_line(value("summary")),
        type=TYPES.get(kind, ArticleType.HOW_TO),
        section=_section(value("section"), path, root_name),
        tags=_list(value("tags")),
        services=_list(value("services")),
        products=_list(value("products")),
        audience=_audience(value("audience")),
        language=_language(value("language"), language, notes),
        owner_team=_line(value("owner_team")),
        owner=_line(value("owner")).lower(),
        review_months=_months(value("review_months")),
        reviewed_at=_moment(value("reviewed_at"), notes),
        error_state=_error_state(value("error_state"), notes),
        error_note=_line(value("error_note"))[:300],
        notes=tuple(notes),
    )


def unknown_names(front: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of a front matter that become no field."""
    return tuple(name[:80] for name in front if name not in _USED)


def _line(value: Any) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int | float | date) else ""


def _list(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else str(value).split(",") if isinstance(value, str | int) else []
    return tuple(line for item in items if (line := _line(item)))


def _section(value: Any, path: PurePosixPath, root_name: str) -> tuple[str, ...]:
    if value is not None:
        names = tuple(name.strip() for name in str(value).split(" / ")) if not isinstance(value, list) else _list(value)
        if names := tuple(name for name in names if name):
            return names
    folders = tuple(_words(part) for part in path.parent.parts)
    return folders or (_words(root_name),)


def _words(name: str) -> str:
    # Capitals inside a name are left alone: SharePoint is one word.
    spaced = " ".join(name.replace("-", " ").replace("_", " ").split())
    return spaced[:1].upper() + spaced[1:] if spaced else "Articles"


def _audience(value: Any) -> tuple[str, ...] | None:
    items = _list(value.replace("|", ",") if isinstance(value, str) else value)
    if [item.lower() for item in items] == [AS_SECTION]:
        return ()
    wanted = [item.lower() for item in items if item.lower() not in _NO_AUDIENCE]
    for item in wanted:
        if not is_token(item) and not re.fullmatch(r"team:[a-z0-9_.-]{1,60}", item):
            # Guessing here could show an article to the wrong people.
            raise FileRefused(
                gettext(
                    "The audience “%(audience)s” is unknown. Use public, signed-in, agents, role:… or team:….",
                    audience=item,
                )
            )
    return tuple(wanted) or None


def _language(value: Any, default: str, notes: list[str]) -> str:
    wanted = _line(value)
    if not wanted:
        return default
    if not _LANGUAGE.fullmatch(wanted):
        notes.append(
            gettext("The language “%(language)s” is unknown; taken as %(default)s.", language=wanted, default=default)
        )
        return default
    return wanted.split("-")[0]


def _months(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, int) and 0 < value <= 120:
        return value
    raise FileRefused(gettext("review_months must be a number of months from 1 to 120."))


def _error_state(value: Any, notes: list[str]) -> ErrorState | None:
    wanted = _line(value).lower()
    if wanted and wanted not in list(ErrorState):
        notes.append(gettext("The state “%(state)s” of a known error is unknown and was left out.", state=wanted))
        return None
    return ErrorState(wanted) if wanted else None


def _moment(value: Any, notes: list[str]) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    for pattern in ("%m/%d/%Y", "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(str(value), pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    if value is not None:
        notes.append(gettext("The date “%(date)s” cannot be read.", date=_line(value)))
    return None
