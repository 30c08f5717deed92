"""Writing: a new article, a new version, and what happens when two write at once."""

from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from knowledge.comparing.difference import difference, folded
from knowledge.content import LONGEST_TITLE
from knowledge.enums import ArticleType, Permission
from knowledge.errors import EditConflict
from knowledge.forms import ArticleForm
from knowledge.models import Article, Section
from knowledge.permissions import can_edit
from knowledge.queries import drafts, work
from knowledge.rendering.document import bound, render
from knowledge.routes.blueprint import bp
from knowledge.services import editing
from knowledge.services.addresses import addresses_of, addresses_of_draft
from knowledge.starting_texts import template_of
from portal.core.auth import requires
from portal.core.db import db
from portal.core.errors import NotAllowed, Refused
from portal.core.web import commits, page, see_other
from portal.core.web.forms import put_refusal
from portal.core.web.numbers import row_number
from portal.directory.api import signed_in_user


@bp.get("/articles/new")
@requires(Permission.ARTICLE_WRITE)
def new_article() -> ResponseReturnValue:
    draft = drafts.find_draft(signed_in_user(), None)
    if draft is not None:
        return editor_page(None, ArticleForm.of_draft(draft), draft=draft)
    wanted = request.args.get("type", "")
    kind = ArticleType(wanted) if wanted in list(ArticleType) else ArticleType.HOW_TO
    title = " ".join(request.args.get("title", "").split())[:LONGEST_TITLE]
    form = ArticleForm(formdata=None, data={"type": kind.value, "body": template_of(kind), "title": title})
    section = request.args.get("section", "")
    if section.isascii() and section.isdigit():
        form.section_id.data = int(section)
    return editor_page(None, form, kind=kind)


@bp.post("/articles/new")
@requires(Permission.ARTICLE_WRITE)
@commits
def create_article() -> ResponseReturnValue:
    form = ArticleForm()
    if "preview" in request.form:
        return editor_page(None, form, preview=preview_of(form, None))
    if form.validate():
        try:
            article = editing.write_article(
                form.content(),
                section=_section(form.section_id.data),
                actor=signed_in_user(),
                reason=form.reason.data or "",
            )
            return see_other("knowledge.work", article_id=article.id)
        except Refused as refusal:
            put_refusal(form, refusal)
    return editor_page(None, form, status=422)


@bp.get("/articles/<int:article_id>/edit")
@requires(Permission.ARTICLE_WRITE)
def edit_article(article_id: int) -> ResponseReturnValue:
    article = editable(article_id)
    draft = drafts.find_draft(signed_in_user(), article)
    if draft is not None:
        return editor_page(article, ArticleForm.of_draft(draft), draft=draft)
    return editor_page(article, ArticleForm.of(article, work.get_version(article, article.latest_number)))


@bp.post("/articles/<int:article_id>/edit")
@requires(Permission.ARTICLE_WRITE)
@commits
def save_article(article_id: int) -> ResponseReturnValue:
    article, form = editable(article_id, for_change=True), ArticleForm()
    if "preview" in request.form:
        return editor_page(article, form, preview=preview_of(form, article))
    if form.validate():
        try:
            editing.edit_article(
                article,
                form.content(),
                section=_section(form.section_id.data),
                actor=signed_in_user(),
                reason=form.reason.data or "",
                based_on=form.base_number,
            )
            return see_other("knowledge.work", article_id=article.id)
        except EditConflict as conflict:
            return _conflict(article, form, conflict)
        except Refused as refusal:
            put_refusal(form, refusal)
    return editor_page(article, form, status=422)


@bp.post("/articles/preview")
@requires(Permission.ARTICLE_WRITE)
@commits
def preview_article() -> ResponseReturnValue:
    number = row_number(request.args.get("article_id", ""))
    article = work.get_for_work(number, signed_in_user()) if number else None
    return page("knowledge/parts/preview.html", preview=preview_of(ArticleForm(), article))


def editable(article_id: int, *, for_change: bool = False) -> Article:
    """Return an article that whoever is signed in may write in; 404 when they do not work on it."""
    article = work.get_for_work(article_id, signed_in_user(), for_change=for_change)
    if not can_edit(signed_in_user(), article):
        raise NotAllowed(gettext("You may read this article and not change it: its editors are few."))
    return article


def editor_page(
    article: Article | None, form: ArticleForm, *, status: int = 200, **context: Any
) -> ResponseReturnValue:
    """Show the editor of an article, or of a new one."""
    context = {"draft": None, "preview": "", "kind": None, **context}
    files = work.list_files(article) if article else []
    return page("knowledge/edit.html", "form", article=article, form=form, files=files, status=status, **context)


def preview_of(form: ArticleForm, article: Article | None) -> str:
    """Return the page that readers would see; a text that cannot be shown is a sentence about why."""
    try:
        rendered = render(form.body.data or "", title=form.title.data or "", language=form.language.data or "en")
    except Refused as refusal:
        return f"<p>{refusal.sentence}</p>"
    addresses = addresses_of(article) if article else addresses_of_draft(drafts.find_draft(signed_in_user(), None))
    return bound(rendered, addresses)


def _section(section_id: int) -> Section:
    section = db.session.get(Section, section_id)
    if section is None:
        abort(404)
    return section


def _conflict(article: Article, form: ArticleForm, conflict: EditConflict) -> ResponseReturnValue:
    """Show both texts; what was written stands in the form, together with theirs where that was possible."""
    theirs = work.get_version(article, conflict.version.number)
    mine = form.content().tidied()
    merge = editing.propose_merge(article, based_on=form.base_number, theirs=theirs, mine=form.body.data or "")
    form.body.data, form.based_on.data = merge.text, str(theirs.number)
    return page(
        "knowledge/conflict.html",
        article=article,
        form=form,
        theirs=theirs,
        mine=mine,
        rows=folded(difference(theirs.body_markdown, mine.body)),
        merge=merge,
        files=work.list_files(article),
        status=409,
    )
