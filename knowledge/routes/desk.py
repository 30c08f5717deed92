"""The owner's desk and what is done from it."""

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from knowledge.enums import Permission
from knowledge.forms import OwnershipForm
from knowledge.indexing.health import note_on_meaning
from knowledge.models import Article
from knowledge.permissions import can_publish
from knowledge.quality.checks import PASS_MARK
from knowledge.queries import desk as desks
from knowledge.queries import work
from knowledge.queries.duplicates import count_duplicates
from knowledge.queries.feedback import page_of_open_feedback
from knowledge.queries.health import count_findings, get_health_section, page_of_findings
from knowledge.queries.usage import usage_of
from knowledge.routes.blueprint import bp
from knowledge.services import life_cycle
from portal.core.auth import requires
from portal.core.db import db
from portal.core.errors import NotAllowed
from portal.core.web import commits, own_path, page, see_other
from portal.core.web.numbers import row_number
from portal.core.web.redirects import go_to
from portal.directory.api import Team, User, find_user, signed_in_user


@bp.get("/knowledge")
@requires(Permission.DESK_READ)
def desk() -> ResponseReturnValue:
    user = signed_in_user()
    whose = request.args.get("whose", "all")
    whose = whose if whose in desks.WHOSE else "all"
    which = request.args.get("list", "overdue")
    which = which if which in desks.LISTS else "overdue"
    articles = desks.page_of_desk(user, whose, which)
    return page(
        "knowledge/desk.html",
        "list",
        whose=whose,
        which=which,
        counts=desks.count_desk(user, whose).counts,
        articles=articles,
        usage=usage_of(article.id for article in articles.items),
        sort=request.args.get("sort", "due"),
        error="",
    )


@bp.get("/knowledge/feedback")
@requires(Permission.DESK_READ)
def feedback_desk() -> ResponseReturnValue:
    return page("knowledge/feedback_desk.html", "list", remarks=page_of_open_feedback(signed_in_user()))


@bp.get("/knowledge/health")
@requires(Permission.DESK_READ)
def health() -> ResponseReturnValue:
    user = signed_in_user()
    return page(
        "knowledge/health.html",
        note=note_on_meaning(),
        sections=desks.health_by_section(user),
        findings=count_findings(user),
        duplicates=count_duplicates(user),
        pass_mark=PASS_MARK,
    )


@bp.get("/knowledge/health/<slug>")
@requires(Permission.DESK_READ)
def health_of_section(slug: str) -> ResponseReturnValue:
    user = signed_in_user()
    section = get_health_section(slug, user)
    return page(
        "knowledge/health_section.html",
        "list",
        section=section,
        articles=page_of_findings(section, user),
        pass_mark=PASS_MARK,
    )


@bp.post("/knowledge/confirm")
@requires(Permission.ARTICLE_WRITE)
@commits
def confirm_articles() -> ResponseReturnValue:
    for article in _chosen():
        life_cycle.confirm_article(article, actor=signed_in_user())
    return _back()


@bp.post("/knowledge/reassign/preview")
@requires(Permission.ARTICLE_PUBLISH)
@commits
def preview_reassign() -> ResponseReturnValue:
    """Show what would move; changes nothing."""
    return _reassign_page(_own_choice(), find_user(request.form.get("owner", "").strip()))


@bp.post("/knowledge/reassign")
@requires(Permission.ARTICLE_PUBLISH)
@commits
def reassign_articles() -> ResponseReturnValue:
    owner, chosen = find_user(request.form.get("owner", "").strip()), _own_choice()
    if owner is None or not chosen:
        return _reassign_page(chosen, owner)
    moved = life_cycle.reassign_articles(chosen, actor=signed_in_user(), owner=owner)
    flash(
        ngettext(
            "%(num)s article belongs to %(name)s now.",
            "%(num)s articles belong to %(name)s now.",
            moved,
            name=owner.display_name,
        ),
        "success",
    )
    return _back()


@bp.get("/articles/<int:article_id>/ownership")
@requires(Permission.ARTICLE_PUBLISH)
def ownership(article_id: int) -> ResponseReturnValue:
    article = _mine(article_id)
    return page("knowledge/ownership.html", "form", article=article, form=OwnershipForm.of(article))


@bp.post("/articles/<int:article_id>/ownership")
@requires(Permission.ARTICLE_PUBLISH)
@commits
def set_ownership(article_id: int) -> ResponseReturnValue:
    article, form = _mine(article_id, for_change=True), OwnershipForm()
    if form.validate():
        life_cycle.set_ownership(
            article,
            actor=signed_in_user(),
            owner_team=db.session.get(Team, form.owner_team_id.data) if form.owner_team_id.data else None,
            owner=find_user(form.owner.data or "") if form.owner.data else None,
            review_months_wanted=form.review_months.data,
            is_restricted=bool(form.is_restricted.data),
        )
        return see_other("knowledge.work", article_id=article.id)
    return page("knowledge/ownership.html", "form", article=article, form=form, status=422)


def _own_choice() -> list[Article]:
    chosen = _chosen()
    if not all(can_publish(signed_in_user(), article) for article in chosen):
        raise NotAllowed(gettext("You do not answer for all of these articles. Nothing was changed."))
    return chosen


def _reassign_page(chosen: list[Article], owner: User | None) -> ResponseReturnValue:
    error = ""
    if not chosen:
        error = gettext("No article was chosen.")
    elif owner is None:
        error = gettext("There is nobody with this user name.")
    return page(
        "knowledge/reassign.html",
        articles=chosen,
        plan=life_cycle.plan_reassignment(chosen, owner) if owner and chosen else None,
        wanted=request.form.get("owner", "").strip()[:120],
        error=error,
        back=own_path(request.form.get("back") or "/knowledge"),
        status=422 if error else 200,
    )


def _chosen() -> list[Article]:
    ids = dict.fromkeys(filter(None, map(row_number, request.form.getlist("article")[:200])))
    return work.list_for_work(list(ids), signed_in_user()) if ids else []


def _mine(article_id: int, *, for_change: bool = False) -> Article:
    article = work.get_for_work(article_id, signed_in_user(), for_change=for_change)
    if not can_publish(signed_in_user(), article):
        raise NotAllowed(gettext("Only somebody who may publish this article may change who answers for it."))
    return article


def _back() -> ResponseReturnValue:
    return go_to(own_path(request.form.get("back") or "/knowledge"))
