"""From a read file to an article: look names up and render, then write."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask_babel import gettext, ngettext

from knowledge.content import ArticleContent
from knowledge.enums import ArticleType, Event
from knowledge.importing.front_matter import FileRefused
from knowledge.importing.known import Known, Source
from knowledge.importing.reading import ReadFile, content_of
from knowledge.importing.report import FileReport, Outcome
from knowledge.models import Article, ArticleFile, ArticleSource
from knowledge.rendering.document import Rendered, links_of, render
from knowledge.services.addresses import ArticleAddresses, Place, article_path, files_of, reference_of
from knowledge.services.articles import add_version, make_live, newest_version
from knowledge.services.known_errors import put_error_state
from portal.core import clock
from portal.core.audit import services as audit
from portal.core.audit.services import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.core.files.services import store_file

# How many missing pictures a note names.
_NAMED = 5


@dataclass(frozen=True)
class Draft:
    """A file ready to be written: rendered, its names looked up."""

    file: ReadFile
    content: ArticleContent
    rendered: Rendered
    content_digest: str
    owner_team_id: int | None
    owner_id: int | None
    # The article it was imported into before, maybe from another path.
    source: Source | None
    notes: tuple[str, ...]

    def report(
        self, outcome: Outcome, *, article_id: int | None = None, reason: str = "", notes: tuple[str, ...] = ()
    ) -> FileReport:
        article_id = article_id or (self.source.article_id if self.source else None)
        return FileReport(self.file.given, outcome, self.content.title, article_id, reason, self.notes + notes)


def prepare(file: ReadFile, known: Known, *, audience: tuple[str, ...]) -> Draft:
    """Render a file and look its names up; needs no transaction.

    Raises:
        FileRefused: its article was edited or retired here, or another file has the same text.
        BodyRefused: it cannot be rendered.
    """
    notes = list(file.fields.notes)
    services, tags = _services(file, known, notes)
    content = content_of(file, services=services, tags=tags, audience=_audience(file, known, audience))
    content_digest = content.text_digest()
    source = known.sources.get(file.path) or _moved_from(content_digest, known)
    _refuse_edited(source)
    twin = known.texts.get(content_digest)
    if twin and twin != file.path and not (source and source.path == twin):
        raise FileRefused(gettext("The file says the same as %(path)s.", path=twin))
    rendered = render(content.body, title=content.title, language=content.language)
    known.texts[content_digest] = file.path
    notes += _missing_pictures(file, rendered)
    return Draft(
        file=file,
        content=content,
        rendered=rendered,
        content_digest=content_digest,
        owner_team_id=_lookup(file.fields.owner_team, known.teams, "owner_team", notes),
        owner_id=_lookup(file.fields.owner, known.people, "owner", notes),
        source=source,
        notes=tuple(notes),
    )


def write(draft: Draft, known: Known, *, actor: Actor | None) -> FileReport:
    """Create or change the article of a file, publish it and remember where it came from."""
    source = draft.source
    section = known.section(draft.file.fields.section, actor=actor)
    article = db.session.get(Article, source.article_id) if source else None
    outcome = Outcome.CHANGED if article else Outcome.CREATED
    if article is None:
        article = Article(
            section=section,
            type=draft.content.type,
            slug="",
            title=draft.content.title,
            created_by_id=actor.id if actor else None,
        )
        db.session.add(article)
    article.section = section
    if draft.owner_team_id or article.owner_team_id is None:
        article.owner_team_id = draft.owner_team_id or section.owner_team_id
    article.owner_id = draft.owner_id or article.owner_id
    article.review_months = draft.file.fields.review_months or article.review_months
    notes: list[str] = []

    def addresses_for(article: Article) -> ArticleAddresses:
        _attach(article, draft, actor, notes)
        files = files_of(article.id) if source or draft.file.attachments else {}
        return ArticleAddresses(article.id, Place(known.collection, draft.file.path), files, known.addresses)

    # Nothing read while writing depends on what is pending.
    with db.session.no_autoflush:
        version_number = _write_version(article, draft, addresses_for, actor)
    known.addresses[draft.file.path] = article_path(article.id, article.slug)
    _remember(article, draft, known, version_number)
    audit.record(
        Event.ARTICLE_IMPORTED,
        article,
        actor=actor,
        after={"version": version_number, "collection": known.collection, "path": draft.file.path},
    )
    return draft.report(outcome, article_id=article.id, notes=tuple(notes))


def _write_version(
    article: Article, draft: Draft, addresses_for: Callable[[Article], ArticleAddresses], actor: Actor | None
) -> int:
    fields = draft.file.fields
    newest = newest_version(article) if article.latest_number else None
    # A picture may have changed though no word did; versions keep the pictures they showed.
    if newest is None or newest.digest != draft.content.digest() or draft.file.attachments:
        newest = add_version(
            article,
            draft.content,
            actor=actor,
            reason=gettext("Imported"),
            rendered=draft.rendered,
            addresses_for=addresses_for,
            is_checked_now=False,
        )
    now = clock.now()
    reviewed = min(fields.reviewed_at, now) if fields.reviewed_at else None
    make_live(newest, actor=None, reviewed_at=reviewed)
    if article.type is ArticleType.KNOWN_ERROR and fields.error_state:
        put_error_state(article, fields.error_state, fields.error_note)
    article.content_updated_at = reviewed or now
    return newest.number


def _remember(article: Article, draft: Draft, known: Known, version_number: int) -> None:
    values: dict[str, Any] = {
        "path": draft.file.path,
        "digest": draft.file.digest,
        "content_digest": draft.content_digest,
        "version_number": version_number,
        "imported_at": clock.now(),
    }
    if draft.source:
        db.session.execute(sa.update(ArticleSource).where(ArticleSource.article_id == article.id).values(**values))
        if draft.source.path != draft.file.path:
            known.addresses.pop(draft.source.path, None)
    else:
        db.session.add(ArticleSource(collection=known.collection, article_id=article.id, **values))


def _attach(article: Article, draft: Draft, actor: Actor | None, notes: list[str]) -> None:
    """Store the files the text names; one that is refused is left out with a note."""
    held = files_of(article.id) if draft.source else {}
    for reference in held.keys() - draft.file.attachments.keys():
        held[reference].is_current = False
    for reference, path in draft.file.attachments.items():
        try:
            with path.open("rb") as stream:
                stored = store_file(stream, path.name, actor=actor)
        except Refused as error:
            notes.append(error.sentence)
            continue
        if reference in held:
            if held[reference].file.digest == stored.digest:
                db.session.delete(stored)
                continue
            held[reference].is_current = False
        db.session.add(ArticleFile(article_id=article.id, file=stored, reference=reference))
    if draft.file.attachments:
        db.session.flush()


def _missing_pictures(file: ReadFile, rendered: Rendered) -> list[str]:
    """Return a note that names the pictures that did not come along; those that stayed behind for their size have one."""
    wanted = [
        address
        for kind, address in links_of(rendered)
        if kind == "img" and not urlsplit(address).scheme and reference_of(address) not in file.attachments
    ]
    missing = [name for name in dict.fromkeys(map(reference_of, wanted)) if name and name not in file.left_out]
    if not missing:
        return []
    return [
        ngettext(
            "A picture is not in the folder: %(names)s. Its alternative text stands in its place.",
            "%(num)s pictures are not in the folder: %(names)s. Their alternative texts stand in their place.",
            len(missing),
            names=", ".join(missing[:_NAMED]) + (" …" if len(missing) > _NAMED else ""),
        )
    ]


def _services(file: ReadFile, known: Known, notes: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the services named, and what is left over of the products as tags."""
    services: list[str] = []
    tags: list[str] = []
    for name in file.fields.services:
        if key := known.services.get(name.lower()):
            services.append(key)
        else:
            notes.append(gettext("The service “%(name)s” is unknown and was left out.", name=name))
    for name in file.fields.products:
        key = known.services.get(name.lower())
        (services if key else tags).append(key or name)
    return tuple(services), tuple(tags)


def _audience(file: ReadFile, known: Known, default: tuple[str, ...]) -> tuple[str, ...]:
    tokens = []
    for token in default if file.fields.audience is None else file.fields.audience:
        kind, _, name = token.partition(":")
        if kind == "team" and not name.isdigit():
            if name not in known.teams:
                raise FileRefused(gettext("The audience names the team “%(name)s”, which does not exist.", name=name))
            token = f"team:{known.teams[name]}"  # noqa: PLW2901 (the same token, by number)
        tokens.append(token)
    return tuple(tokens)


def _lookup(name: str, ids: dict[str, int], field: str, notes: list[str]) -> int | None:
    if name and name not in ids:
        notes.append(gettext("%(field)s: “%(name)s” is unknown and was left out.", field=field, name=name))
    return ids.get(name)


def _moved_from(content_digest: str, known: Known) -> Source | None:
    """Return the source of the same text whose file is no longer there: the file was moved or renamed."""
    path = known.texts.get(content_digest)
    return known.sources.get(path) if path and path not in known.present else None


def _refuse_edited(source: Source | None) -> None:
    if source and source.is_retired:
        raise FileRefused(gettext("Its article was retired in the portal. Bring it back there to import it again."))
    if source and source.latest_number != source.version_number:
        raise FileRefused(
            gettext(
                "Its article was edited in the portal since the last import (version %(number)d), so it was left as it is.",
                number=source.latest_number,
            )
        )
