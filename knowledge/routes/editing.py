"""Writing: a new article, a new version, a preview, files."""

from typing import Any

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from knowledge.comparing.difference import difference, folded
from knowledge.content import LONGEST_TITLE
from knowledge.enums import ArticleType, Permission
from knowledge.errors import EditConflict
from knowledge.forms import ArticleForm, AttachForm
from knowledge.models import Article, Section
from knowledge.permissions import can_edit
from knowledge.queries import work
from knowledge.rendering.document import bound, render
from knowledge.routes.blueprint import bp
from knowledge.services import articles, editing
from knowledge.services.addresses import ArticleAddresses, addresses_of
from knowledge.starting_texts import template_of
from portal.core.auth import requires
from portal.core.db import db
from portal.core.errors import NotAllowed, Refused
from portal.core.web import commits, page, see_other
from portal.core.web.forms import put_refusal
from portal.directory.api import signed_in_user


@bp.get("/articles/new")
@requires(Permission.ARTICLE_WRITE)
def new_article() -> ResponseReturnValue:
    wanted = request.args.get("type", "")
    kind = ArticleType(wanted) if wanted in list(ArticleType) else ArticleType.HOW_TO
    title = " ".join(request.args.get("title", "").split())[:LONGEST_TITLE]
    form = ArticleForm(formdata=None, data={"type": kind.value, "body": template_of(kind), "title": title})
    section = request.args.get("section", "")
    if section.isdigit():
        form.section_id.data = int(section)
    return page("knowledge/new.html", form=form, kind=kind)


@bp.post("/articles/new")
@requires(Permission.ARTICLE_WRITE)
@commits
def create_article() -> ResponseReturnValue:
    form, user = ArticleForm(), signed_in_user()
    if "preview" in request.form:
        return page("knowledge/new.html", form=form, kind=None, preview=_preview(form, None))
    if form.validate():
        try:
            section = _section(form.section_id.data)
            article = articles.create_article(
                form.content(), section=section, actor=user, owner=user, reason=form.reason.data or ""
            )
            return see_other("knowledge.work", article_id=article.id)
        except Refused as refusal:
            put_refusal(form, refusal)
    return page("knowledge/new.html", "form", form=form, kind=None, status=422)


@bp.get("/articles/<int:article_id>/edit")
@requires(Permission.ARTICLE_WRITE)
def edit_article(article_id: int) -> ResponseReturnValue:
    article = _editable(article_id)
    form = ArticleForm.of(article, work.get_version(article, article.latest_number))
    return page("knowledge/edit.html", article=article, form=form, files=work.list_files(article), attach=AttachForm())


@bp.post("/articles/<int:article_id>/edit")
@requires(Permission.ARTICLE_WRITE)
@commits
def save_article(article_id: int) -> ResponseReturnValue:
    article, form = _editable(article_id, for_change=True), ArticleForm()
    if "preview" in request.form:
        return _edit_page(article, form, status=200, preview=_preview(form, article))
    if form.validate():
        try:
            section = _section(form.section_id.data)
            editing.edit_article(
                article,
                form.content(),
                section=section,
                actor=signed_in_user(),
                reason=form.reason.data or "",
                based_on=form.base_number,
            )
            return see_other("knowledge.work", article_id=article.id)
        except EditConflict as conflict:
            return _conflict(article, form, conflict)
        except Refused as refusal:
            put_refusal(form, refusal)
    return _edit_page(article, form, status=422)


@bp.post("/articles/preview")
@requires(Permission.ARTICLE_WRITE)
@commits
def preview_article() -> ResponseReturnValue:
    number = request.args.get("article_id", "")
    article = work.get_for_work(int(number), signed_in_user()) if number.isdigit() else None
    return page("knowledge/parts/preview.html", preview=_preview(ArticleForm(), article))


@bp.post("/articles/<int:article_id>/files")
@requires(Permission.ARTICLE_WRITE)
@commits
def attach_file(article_id: int) -> ResponseReturnValue:
    article, form = _editable(article_id), AttachForm()
    context: dict[str, Any] = {"article": article, "attach": form, "attached": "", "status": 422}
    if form.validate():
        upload = form.file.data
        try:
            words = form.alternative_text.data or ""
            _, markdown = editing.attach_file(
                article, upload.stream, upload.filename, alternative_text=words, actor=signed_in_user()
            )
            context |= {"attached": markdown, "attach": AttachForm(formdata=None), "status": 200}
        except Refused as refusal:
            put_refusal(form, refusal)
    return page("knowledge/files.html", "files", files=work.list_files(article), **context)


def _editable(article_id: int, *, for_change: bool = False) -> Article:
    article = work.get_for_work(article_id, signed_in_user(), for_change=for_change)
    if not can_edit(signed_in_user(), article):
        raise NotAllowed(gettext("You may read this article and not change it: its editors are few."))
    return article


def _section(section_id: int) -> Section:
    section = db.session.get(Section, section_id)
    if section is None:
        abort(404)
    return section


def _edit_page(article: Article, form: ArticleForm, *, status: int, preview: str = "") -> ResponseReturnValue:
    return page(
        "knowledge/edit.html",
        "form",
        article=article,
        form=form,
        files=work.list_files(article),
        attach=AttachForm(formdata=None),
        preview=preview,
        status=status,
    )


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
        action=url_for("knowledge.save_article", article_id=article.id),
        status=409,
    )


def _preview(form: ArticleForm, article: Article | None) -> str:
    rendered = render(form.body.data or "", title=form.title.data or "", language=form.language.data or "en")
    addresses = addresses_of(article) if article else ArticleAddresses(0, None, {}, {})
    return bound(rendered, addresses)
