"""Where the links and pictures of an article lead: to other articles, to its files, to the outside."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import HTTPException

from knowledge.models import Article, ArticleDraft, ArticleFile, ArticleLink, ArticleSource, DraftFile
from knowledge.rendering.document import Picture, Rendered, bound
from portal.core.db import db
from portal.core.files.picture_size import size_of
from portal.core.files.services import path_of

_OUTSIDE = ("http", "https", "mailto", "tel")
_ARTICLE = re.compile(r"/articles/([1-9][0-9]{0,8})(?:/.*)?")


@dataclass(frozen=True)
class Place:
    """Where an article came from: relative links are meant from there."""

    collection: str
    path: str


@dataclass
class ArticleAddresses:
    """Answers the renderer for one article and notes each link it was asked about."""

    article_id: int
    place: Place | None
    files: Mapping[str, ArticleFile] | Mapping[str, DraftFile]
    # Path of the collection -> address of the article that came from it.
    known: Mapping[str, str]
    noted: dict[tuple[str, str], int | None] = field(default_factory=dict)
    # Where the files of an article lie that does not exist yet.
    draft_id: int | None = None

    def link(self, address: str) -> str | None:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            if parts.scheme in ("http", "https"):
                self.noted["external", address[:2000]] = None
            return address if parts.scheme in _OUTSIDE else None
        anchor = f"#{parts.fragment}" if parts.fragment else ""
        if parts.path.startswith("/"):
            return self._own_page(parts.path, address)
        if file := self.files.get(reference_of(address)):
            return self._file_url(file)
        path = self._path(parts.path)
        if path is None or not path.endswith((".md", ".html", ".htm")):
            return None
        if path not in self.known and path.endswith((".html", ".htm")):
            # An HTML page of an import is known under the Markdown file it became.
            path = f"{path.rpartition('.')[0]}.md"
        target = self.known.get(path)
        self.noted["path", path] = _id_of(target) if target else None
        return f"{target}{anchor}" if target else None

    def picture(self, address: str) -> Picture | None:
        file = self.files.get(reference_of(address))
        if file is None or not file.file.is_picture:
            return None
        # The page keeps the place of a picture free before it has arrived.
        width, height = size_of(path_of(file.file)) or (None, None)
        return Picture(self._file_url(file), width, height)

    def _file_url(self, file: ArticleFile | DraftFile) -> str:
        folder = f"/articles/{self.article_id}" if self.draft_id is None else f"/drafts/{self.draft_id}"
        return f"{folder}/files/{file.file_id}/{quote(file.file.name)}"

    def _own_page(self, path: str, address: str) -> str | None:
        if found := _ARTICLE.fullmatch(path):
            self.noted["article", path[:2000]] = int(found[1])
            return address
        # An absolute path of an imported text meant another site; only what this portal serves is kept.
        try:
            current_app.url_map.bind("localhost").match(path)
        except HTTPException:
            return None
        return address

    def _path(self, path: str) -> str | None:
        if self.place is None or not path:
            return None
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(self.place.path), unquote(path)))
        return None if joined.startswith("..") else joined


def reference_of(address: str) -> str:
    """Return the name under which a file is kept for an address in the Markdown."""
    return unquote(urlsplit(address).path).removeprefix("./")[:500]


def article_path(article_id: int, slug: str) -> str:
    return f"/articles/{article_id}/{slug}"


def addresses_of(article: Article) -> ArticleAddresses:
    """Return the addresses of an article as the database knows them; at most three queries."""
    source = db.session.scalars(sa.select(ArticleSource).where(ArticleSource.article_id == article.id)).first()
    place = Place(source.collection, source.path) if source else None
    return ArticleAddresses(article.id, place, files_of(article.id), known_paths(place.collection) if place else {})


def addresses_of_draft(draft: ArticleDraft | None) -> ArticleAddresses:
    """Return the addresses of an article that does not exist yet."""
    files = {item.reference: item for item in draft.files} if draft else {}
    return ArticleAddresses(0, None, files, {}, draft_id=draft.id if draft else None)


def files_of(article_id: int) -> dict[str, ArticleFile]:
    query = (
        sa.select(ArticleFile)
        .where(ArticleFile.article_id == article_id, ArticleFile.is_current)
        .options(joinedload(ArticleFile.file))
    )
    return {file.reference: file for file in db.session.scalars(query)}


def known_paths(collection: str) -> dict[str, str]:
    """Return for each path of an imported collection the address of its article."""
    query = (
        sa.select(ArticleSource.path, Article.id, Article.slug)
        .join(Article, Article.id == ArticleSource.article_id)
        .where(ArticleSource.collection == collection)
    )
    return {path: article_path(article_id, slug) for path, article_id, slug in db.session.execute(query)}


def bind_and_note(rendered: Rendered, addresses: ArticleAddresses, *, is_new: bool = False) -> str:
    """Return the HTML for the page, and write down which links the newest version has."""
    html = bound(rendered, addresses)
    tried = {} if is_new else _tried(addresses.article_id)
    if not is_new:
        db.session.execute(sa.delete(ArticleLink).where(ArticleLink.article_id == addresses.article_id))
    collection = addresses.place.collection if addresses.place else ""
    wanted = {target for target in addresses.noted.values() if target is not None}
    there = set(db.session.scalars(sa.select(Article.id).where(Article.id.in_(wanted)))) if wanted else set()
    for (kind, address), target in addresses.noted.items():
        db.session.add(
            ArticleLink(
                article_id=addresses.article_id,
                kind=kind,
                address=address,
                collection=collection if kind == "path" else "",
                target_article_id=target if target in there else None,
                **(tried.get(address, {}) if kind == "external" else {}),
            )
        )
    return html


def _tried(article_id: int) -> dict[str, dict[str, Any]]:
    """Return what is known of the external links of an article, which a new version need not find out again."""
    query = sa.select(ArticleLink.address, ArticleLink.checked_at, ArticleLink.problem, ArticleLink.failures).where(
        ArticleLink.article_id == article_id, ArticleLink.checked_at.is_not(None)
    )
    return {
        address: {"checked_at": checked_at, "problem": problem, "failures": failures}
        for address, checked_at, problem, failures in db.session.execute(query)
    }


def _id_of(path: str) -> int:
    return int(path.split("/")[2])
