from collections.abc import Callable, Collection
from functools import partial, wraps
from typing import Any, TypeVar, overload

from flask import Response, current_app, make_response, render_template, stream_with_context
from flask.typing import ResponseReturnValue
from htmx_flask import request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from portal.core.db import db
from portal.core.errors import Conflict

__all__ = ["commits", "page", "stream_with_context"]

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


@overload
def commits(view: View) -> View: ...
@overload
def commits(*, also_on: Collection[int]) -> Callable[[View], View]: ...
def commits(view: View | None = None, *, also_on: Collection[int] = ()) -> View | Callable[[View], View]:
    """Commit what the view changed when it answers without an error, else roll everything back: the edge.

    An answer below 400 commits; a form shown again (422) or an exception leaves nothing half-written. A change
    somebody else made first becomes ``Conflict``.

    ``@commits(also_on={422})`` is for the few views whose refusal is itself something to keep, as a failed sign-in:
    their service must have written nothing else when it refuses.
    """
    if view is None:
        return partial(_committing, also_on=frozenset(also_on))
    return _committing(view, also_on=frozenset())


def _committing(view: View, *, also_on: frozenset[int]) -> View:
    @wraps(view)
    def committed(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        try:
            response = make_response(view(*args, **kwargs))
            if response.status_code < 400 or response.status_code in also_on:
                db.session.commit()
            else:
                db.session.rollback()
        except (StaleDataError, IntegrityError) as error:
            db.session.rollback()
            raise Conflict("Somebody else changed this first. Look at the current state and try again.") from error
        except BaseException:
            db.session.rollback()
            raise
        return response

    committed.portico_commits = True  # type: ignore[attr-defined]
    return committed  # type: ignore[return-value]


def page(template: str, block: str | None = None, *, status: int = 200, **context: Any) -> Response:
    """Render a page, or for an HTMX request only its named block, from the same URL and context."""
    if block is not None and request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request:
        response = make_response(_render_block(template, block, context), status)
    else:
        response = make_response(render_template(template, **context), status)
    response.vary.add("HX-Request")
    return response


def _render_block(name: str, block: str, context: dict[str, Any]) -> str:
    current_app.update_template_context(context)
    template = current_app.jinja_env.get_template(name)
    template_context = template.new_context(context)
    # What the template and its parents import at their top is bound before their first output, and blocks use it;
    # nothing further of the page around the block is rendered.
    next(iter(template.root_render_func(template_context)), None)
    # The block may stand in a parent; the first of several is the one that counts.
    return "".join(template_context.blocks[block][0](template_context))
