"""Articles that say nearly the same: found, compared, and one of them retired in favour of the other, or both kept."""

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from knowledge.comparing.difference import difference, folded
from knowledge.comparing.fields import changed_fields
from knowledge.enums import Permission
from knowledge.models import Article
from knowledge.permissions import can_publish, can_tell_apart
from knowledge.queries import duplicates as pairs_of
from knowledge.queries.duplicates import get_pair
from knowledge.queries.usage import usage_of
from knowledge.routes.blueprint import bp
from knowledge.services.duplicates import tell_apart, undo_tell_apart
from portal.core.auth import requires
from portal.core.errors import NotAllowed
from portal.core.web import commits, page, see_other
from portal.directory.api import signed_in_user


@bp.get("/knowledge/duplicates")
@requires(Permission.DESK_READ)
def duplicates() -> ResponseReturnValue:
    user = signed_in_user()
    is_apart = request.args.get("list") == "apart"
    rows, pairs = pairs_of.page_of_apart(user) if is_apart else pairs_of.page_of_duplicates(user)
    counts = {"same": pairs_of.count_duplicates(user), "apart": pairs_of.count_apart(user)}
    return page("knowledge/duplicates.html", "list", rows=rows, pairs=pairs, is_apart=is_apart, counts=counts)


@bp.get("/knowledge/duplicates/<int:one_id>/<int:other_id>")
@requires(Permission.DESK_READ)
def compare_duplicates(one_id: int, other_id: int) -> ResponseReturnValue:
    user = signed_in_user()
    one, other = get_pair(one_id, other_id, user)
    usage = usage_of((one_id, other_id))
    return page(
        "knowledge/duplicate.html",
        "difference",
        one=one,
        other=other,
        sides=[
            {
                "version": version,
                "against": against,
                "usage": usage[version.article_id],
                "may_retire": can_publish(user, version.article),
            }
            for version, against in ((one, other), (other, one))
        ],
        apart=pairs_of.find_apart(one.article, other.article),
        may_tell_apart=can_tell_apart(user, one.article, other.article),
        fields=changed_fields(one, other),
        rows=folded(difference(one.body_markdown, other.body_markdown)),
        view="inline" if request.args.get("view") == "inline" else "side",
    )


@bp.post("/knowledge/duplicates/<int:one_id>/<int:other_id>/apart")
@requires(Permission.ARTICLE_PUBLISH)
@commits
def tell_duplicates_apart(one_id: int, other_id: int) -> ResponseReturnValue:
    tell_apart(*_pair(one_id, other_id), actor=signed_in_user())
    flash(gettext("These two are not the same. They stand under “Called different”, where you can undo it."), "success")
    return see_other("knowledge.duplicates")


@bp.post("/knowledge/duplicates/<int:one_id>/<int:other_id>/together")
@requires(Permission.ARTICLE_PUBLISH)
@commits
def undo_tell_duplicates_apart(one_id: int, other_id: int) -> ResponseReturnValue:
    undo_tell_apart(*_pair(one_id, other_id), actor=signed_in_user())
    flash(gettext("These two stand in the list again."), "success")
    return see_other("knowledge.compare_duplicates", one_id=one_id, other_id=other_id)


def _pair(one_id: int, other_id: int) -> tuple[Article, Article]:
    one, other = get_pair(one_id, other_id, signed_in_user())
    if not can_tell_apart(signed_in_user(), one.article, other.article):
        raise NotAllowed(gettext("Only somebody who may publish one of the two articles may say that they differ."))
    return one.article, other.article
