"""For owners: how often articles are read, and whether they work."""

from flask import request
from flask.typing import ResponseReturnValue

from knowledge.enums import Permission
from knowledge.queries import usage as numbers
from knowledge.queries import work
from knowledge.routes.blueprint import bp
from portal.core.auth import requires
from portal.core.web import page
from portal.directory.api import signed_in_user


@bp.get("/articles/<int:article_id>/usage")
@requires(Permission.DESK_READ)
def usage(article_id: int) -> ResponseReturnValue:
    article = work.get_for_work(article_id, signed_in_user())
    return page(
        "knowledge/usage.html",
        article=article,
        usage=numbers.usage_of([article.id])[article.id],
        days=numbers.list_days(article),
    )


@bp.get("/knowledge/results")
@requires(Permission.DESK_READ)
def results() -> ResponseReturnValue:
    which = request.args.get("list", "")
    which = which if which in numbers.RESULTS else "fails"
    articles = numbers.page_of_results(signed_in_user(), which)
    return page(
        "knowledge/results.html",
        "list",
        which=which,
        articles=articles,
        usage=numbers.usage_of(article.id for article in articles.items),
    )
