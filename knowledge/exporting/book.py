"""Articles put together as one page of HTML for paper: one article, or a collection with cover and contents."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import get_locale
from markupsafe import Markup
from sqlalchemy.orm import joinedload

from knowledge.exporting.press import Manuscript
from knowledge.models import Article, ArticleFile, ArticleVersion
from portal.core import clock
from portal.core.db import db
from portal.core.feature import message_context
from portal.core.files.services import path_of
from portal.design.theme import accents_of

_DEFAULT_ACCENT = "#0b6376"
_TAG = re.compile(r'<([a-z][a-z0-9]*)((?: [a-z-]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_ARTICLE = re.compile(r"/articles/([1-9][0-9]{0,8})(?:/[^#?]*)?(?:\?[^#]*)?(?:#(.*))?")
_FILE = re.compile(r"/articles/([1-9][0-9]{0,8})/files/([1-9][0-9]{0,8})/")


@dataclass(frozen=True)
class Chapter:
    """One article of a book, with what its links lead to inside the book."""

    article: Article
    version: ArticleVersion
    # Names of its section and those above, the top first.
    trail: tuple[str, ...]
    body: Markup

    @property
    def anchor(self) -> str:
        return f"a{self.article.id}"

    @property
    def path(self) -> str:
        return f"/articles/{self.article.id}/{self.article.slug}"


def article_manuscript(version: ArticleVersion, *, trail: Sequence[str]) -> Manuscript:
    """Return one article for paper: title, what it is, and the text. Needs the version's HTML."""
    chapters = _chapters([(version, tuple(trail))])
    page = _render("knowledge/pdf/article.html", chapter=chapters[0], book_language=version.language)
    return Manuscript(page, _pictures(chapters))


def collection_manuscript(
    found: Sequence[tuple[ArticleVersion, tuple[str, ...]]], *, title: str, made_for: str, is_public: bool
) -> Manuscript:
    """Return several articles as a book in the given order: cover, contents with page numbers, a chapter an article.

    ``is_public`` says that everyone may read all of it; otherwise the cover names who it was made for.
    """
    chapters = _chapters(found)
    parts: list[tuple[str, list[Chapter]]] = []
    for chapter in chapters:
        name = " / ".join(chapter.trail)
        if not parts or parts[-1][0] != name:
            parts.append((name, []))
        parts[-1][1].append(chapter)
    page = _render(
        "knowledge/pdf/collection.html",
        title=title,
        made_for="" if is_public else made_for,
        made_at=clock.now(),
        chapters=chapters,
        parts=parts,
        book_language=str(get_locale()),
    )
    return Manuscript(page, _pictures(chapters))


def _chapters(found: Sequence[tuple[ArticleVersion, tuple[str, ...]]]) -> list[Chapter]:
    inside = {version.article_id: _ids(version.body_html) for version, _ in found}
    return [
        Chapter(version.article, version, trail, Markup(_for_paper(version, inside)))  # noqa: S704 (sanitised at save)
        for version, trail in found
    ]


def _ids(body: str) -> set[str]:
    return {given["id"] for tag in _TAG.finditer(body) if "id" in (given := _attributes(tag[2]))}


def _for_paper(version: ArticleVersion, inside: dict[int, set[str]]) -> str:
    """Make ids unique in the book and lead links to the chapter they mean, or to the portal's address."""
    own = f"a{version.article_id}"
    base: str = current_app.extensions["portico_settings"].base_url

    def replace(tag: re.Match[str]) -> str:
        given = _attributes(tag[2])
        if "id" in given:
            given["id"] = f"{own}-{given['id']}"
        if tag[1] == "a" and (address := given.get("href", "")):
            given["href"] = _target(address, own, inside, base)
        return f"<{tag[1]}" + "".join(f' {name}="{html.escape(value)}"' for name, value in given.items()) + ">"

    return _TAG.sub(replace, version.body_html)


def _target(address: str, own: str, inside: dict[int, set[str]], base: str) -> str:
    if address.startswith("#"):
        return f"#{own}-{address[1:]}"
    found = _ARTICLE.fullmatch(address)
    if found and int(found[1]) in inside and not _FILE.match(address):
        number, anchor = int(found[1]), found[2]
        return f"#a{number}-{anchor}" if anchor in inside[number] else f"#a{number}"
    return f"{base}{address}" if address.startswith("/") else address


def _attributes(text: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(text)}


def _pictures(chapters: Sequence[Chapter]) -> dict[str, str]:
    """Return for each address of a picture in the chapters the file behind it, when its article shows it to readers."""
    wanted: dict[str, tuple[int, int]] = {}
    for chapter in chapters:
        for tag in _TAG.finditer(str(chapter.body)):
            source = _attributes(tag[2]).get("src", "") if tag[1] == "img" else ""
            if (found := _FILE.match(source)) and int(found[1]) == chapter.article.id:
                wanted[source] = int(found[1]), int(found[2])
    query = (
        sa.select(ArticleFile)
        .where(
            ArticleFile.article_id.in_({number for number, _ in wanted.values()}),
            ArticleFile.file_id.in_({number for _, number in wanted.values()}),
            ArticleFile.is_published,
        )
        .options(joinedload(ArticleFile.file))
    )
    held = {(row.article_id, row.file_id): row.file for row in db.session.scalars(query)} if wanted else {}
    return {
        source: str(path_of(held[key]))
        for source, key in wanted.items()
        if key in held and held[key].is_picture and path_of(held[key]).is_file()
    }


def _render(template: str, **context: Any) -> str:
    # Paper is no page of the portal: navigation and who is signed in have no place on it.
    context |= message_context()
    accent = getattr(context.get("organisation"), "accent", "") or _DEFAULT_ACCENT
    context["accent"] = next(item.colour for item in accents_of(accent) if item.theme == "light")
    context["base_url"] = current_app.extensions["portico_settings"].base_url
    return current_app.jinja_env.get_template(template).render(context)
