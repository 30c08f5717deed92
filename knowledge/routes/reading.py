"""Pages for readers: sections, articles, their files."""

from datetime import UTC, datetime

from flask import Response, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from knowledge.extending import beside
from knowledge.permissions import can_edit, works_on_knowledge
from knowledge.queries import articles, sections
from knowledge.queries.subscriptions import find_subscription
from knowledge.queries.usage import list_most_read
from knowledge.routes.blueprint import bp
from knowledge.routes.counting import counts_views
from portal.core.auth import Anonymous, public
from portal.core.files.services import send_stored
from portal.core.web import page
from portal.core.web.anonymous_cache import cached_for_anonymous
from portal.directory.api import signed_in_user

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@bp.get("/articles")
@public
@cached_for_anonymous
def browse() -> ResponseReturnValue:
    tree, most_read = sections.section_tree(current_user), list_most_read(current_user)
    return page("knowledge/browse.html", tree=tree, most_read=most_read)


@bp.get("/sections/<slug>")
@public
@cached_for_anonymous
def section(slug: str) -> ResponseReturnValue:
    branch = sections.find_branch(sections.section_tree(current_user), slug)
    if branch is None:
        abort(404)
    return page(
        "knowledge/section.html",
        "list",
        branch=branch,
        trail=sections.section_trail(branch.section.id)[:-1],
        articles=articles.page_of_section(branch.section, current_user),
        subscription=find_subscription(current_user, branch.section) if current_user.is_authenticated else None,
    )


@bp.get("/articles/<int:article_id>", defaults={"slug": ""})
@bp.get("/articles/<int:article_id>/<slug>")
@public
@counts_views
@cached_for_anonymous
def article(article_id: int, slug: str) -> ResponseReturnValue:
    found = articles.find_published(article_id, current_user)
    if found is None:
        return _retired(article_id)
    if slug != found.article.slug:
        return redirect(url_for("knowledge.article", article_id=article_id, slug=found.article.slug), 301)
    signed_in = current_user.is_authenticated
    return page(
        "knowledge/article.html",
        article=found.article,
        version=found.version,
        trail=sections.section_trail(found.article.section_id),
        related=articles.list_related(found.article, current_user),
        may_edit=signed_in and can_edit(current_user, found.article),
        may_see_history=signed_in and works_on_knowledge(current_user),
        subscription=find_subscription(current_user, found.article) if signed_in else None,
        beside=beside([article_id], signed_in_user())[article_id] if signed_in else (),
    )


@bp.get("/articles/feed.atom")
@public
def feed() -> ResponseReturnValue:
    """What changed last, for feed readers. They sign in nowhere, so it holds what everyone may read."""
    changed = articles.list_changed(Anonymous())
    newest = changed[0].content_updated_at if changed else EPOCH
    text = render_template("knowledge/feed.xml", articles=changed, newest=newest)
    return Response(text, mimetype="application/atom+xml", headers={"Cache-Control": "public, max-age=300"})


@bp.get("/articles/<int:article_id>/files/<int:file_id>/<name>")
@public
def file(article_id: int, file_id: int, name: str) -> ResponseReturnValue:
    worker = current_user if current_user.is_authenticated else None
    return send_stored(articles.get_file(article_id, file_id, current_user, worker=worker).file)


def _retired(article_id: int) -> ResponseReturnValue:
    """Lead on to the successor of a retired article, or say that it is gone; 404 for what was never theirs to see."""
    gone = articles.find_retired(article_id, current_user)
    if gone is None:
        abort(404)
    successor = gone.successor and articles.find_published(gone.successor.id, current_user)
    if successor:
        to = successor.article
        return redirect(url_for("knowledge.article", article_id=to.id, slug=to.slug), 301)
    return page("knowledge/retired.html", article=gone, status=410)
