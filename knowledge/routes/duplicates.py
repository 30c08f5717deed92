"""Articles that say nearly the same: found, compared, and one of them retired in favour of the other."""

from flask import request
from flask.typing import ResponseReturnValue

from knowledge.comparing.difference import difference, folded
from knowledge.comparing.fields import changed_fields
from knowledge.enums import Permission
from knowledge.permissions import can_publish
from knowledge.queries.duplicates import get_pair, page_of_duplicates
from knowledge.queries.usage import usage_of
from knowledge.routes.blueprint import bp
from portal.core.auth import requires
from portal.core.web import page
from portal.directory.api import signed_in_user


@bp.get("/knowledge/duplicates")
@requires(Permission.DESK_READ)
def duplicates() -> ResponseReturnValue:
    rows, pairs = page_of_duplicates(signed_in_user())
    return page("knowledge/duplicates.html", "list", rows=rows, pairs=pairs)


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
        fields=changed_fields(one, other),
        rows=folded(difference(one.body_markdown, other.body_markdown)),
        view="inline" if request.args.get("view") == "inline" else "side",
    )
