"""What authors typed and have not saved: kept as they write, found again, thrown away; pictures on the way in."""

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import format_time, gettext

from knowledge.enums import Permission
from knowledge.forms import ArticleForm
from knowledge.models import Article
from knowledge.queries import drafts
from knowledge.routes.blueprint import bp
from knowledge.routes.editing import editable, editor_page
from knowledge.services import drafting, editing
from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.files.services import send_stored
from portal.core.web import commits, page, see_other
from portal.core.web.forms import put_refusal
from portal.directory.api import signed_in_user


@bp.get("/drafts")
@requires(Permission.ARTICLE_WRITE)
def my_drafts() -> ResponseReturnValue:
    user = signed_in_user()
    return page("knowledge/drafts.html", "list", drafts=drafts.list_drafts(user), articles=drafts.page_of_unsent(user))


@bp.post("/articles/new/draft")
@requires(Permission.ARTICLE_WRITE)
@commits
def keep_new_draft() -> ResponseReturnValue:
    return _keep(None)


@bp.post("/articles/<int:article_id>/draft")
@requires(Permission.ARTICLE_WRITE)
@commits
def keep_draft(article_id: int) -> ResponseReturnValue:
    return _keep(editable(article_id))


@bp.post("/drafts/<int:draft_id>/discard")
@requires(Permission.ARTICLE_WRITE)
@commits
def discard_draft(draft_id: int) -> ResponseReturnValue:
    draft = drafts.get_draft(draft_id, signed_in_user())
    drafting.discard_draft(draft, actor=signed_in_user())
    flash(gettext("Your draft is gone."), "success")
    return see_other("knowledge.my_drafts")


@bp.post("/articles/new/files")
@requires(Permission.ARTICLE_WRITE)
@commits
def attach_to_new() -> ResponseReturnValue:
    return _attach(None)


@bp.post("/articles/<int:article_id>/files")
@requires(Permission.ARTICLE_WRITE)
@commits
def attach_file(article_id: int) -> ResponseReturnValue:
    return _attach(editable(article_id))


@bp.get("/drafts/<int:draft_id>/files/<int:file_id>/<name>")
@requires(Permission.ARTICLE_WRITE)
def draft_file(draft_id: int, file_id: int, name: str) -> ResponseReturnValue:
    return send_stored(drafts.get_draft_file(draft_id, file_id, signed_in_user()).file)


def _keep(article: Article | None) -> ResponseReturnValue:
    form = ArticleForm()
    try:
        draft = drafting.keep_draft(article, form.typed(), actor=signed_in_user(), based_on=form.base_number or None)
    except Refused as refusal:
        return _refused(article, form, refusal)
    said = gettext("Draft saved %(time)s", time=format_time(draft.saved_at, "short"))
    if _wants_json():
        return {"said": said}
    flash(said, "success")
    return _back_to(article)


def _attach(article: Article | None) -> ResponseReturnValue:
    """Take a picture or file; without a script its Markdown comes to the end of the text, which is kept as a draft."""
    form, user = ArticleForm(), signed_in_user()
    upload, words = form.file.data, form.alternative_text.data or ""
    try:
        if not upload:
            raise Refused(gettext("Choose a file."), field="file")
        if article is None:
            draft = drafting.keep_draft(None, form.typed(), actor=user, based_on=None)
            _, markdown = drafting.attach_to_draft(
                draft, upload.stream, upload.filename, alternative_text=words, actor=user
            )
        else:
            _, markdown = editing.attach_file(
                article, upload.stream, upload.filename, alternative_text=words, actor=user
            )
        if _wants_json():
            return {"markdown": markdown}
        form.body.data = f"{(form.body.data or '').rstrip()}\n\n{markdown}\n"
        drafting.keep_draft(article, form.typed(), actor=user, based_on=form.base_number or None)
    except Refused as refusal:
        return _refused(article, form, refusal)
    flash(
        gettext("“%(name)s” stands at the end of the text. Move it where it belongs.", name=upload.filename), "success"
    )
    return _back_to(article)


def _refused(article: Article | None, form: ArticleForm, refusal: Refused) -> ResponseReturnValue:
    if _wants_json():
        return {"refused": refusal.sentence}, 422
    put_refusal(form, refusal)
    return editor_page(article, form, status=422)


def _back_to(article: Article | None) -> ResponseReturnValue:
    return see_other("knowledge.edit_article", article_id=article.id) if article else see_other("knowledge.new_article")


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"
