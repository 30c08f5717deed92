from collections.abc import Callable, Collection, Mapping
from functools import partial, wraps
from typing import Any, TypeVar, overload

from flask import Response, current_app, flash, make_response, render_template, session, stream_with_context
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from htmx_flask import request
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from portal.core.db import db
from portal.core.errors import Conflict, PorticoError
from portal.core.sent_forms.services import digest_of_request, find_location, remember
from portal.core.web.redirects import go_to

__all__ = ["commits", "page", "stream_with_context"]

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
# PostgreSQL: two transactions waited for each other, or cannot be put one after the other.
_MET = ("40P01", "40001")


@overload
def commits(view: View) -> View: ...
@overload
def commits(*, also_on: Collection[int]) -> Callable[[View], View]: ...
def commits(view: View | None = None, *, also_on: Collection[int] = ()) -> View | Callable[[View], View]:
    """Commit what the view changed when it answers without an error, else roll everything back: the edge.

    An answer below 400 commits; a form shown again (422) or an exception leaves nothing half-written. A change
    somebody else made first becomes ``Conflict``. A form with a token that led on to another page is taken once: sent
    again it leads to the same page and changes nothing.

    ``@commits(also_on={422})`` is for the few views whose refusal is itself something to keep, as a failed sign-in:
    their service must have written nothing else when it refuses.
    """
    if view is None:
        return partial(_committing, also_on=frozenset(also_on))
    return _committing(view, also_on=frozenset())


def _committing(view: View, *, also_on: frozenset[int]) -> View:
    @wraps(view)
    def committed(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        form, session_before = digest_of_request(), _lasting(session)
        if (taken := _taken_before(form)) is not None:
            return taken
        try:
            response = make_response(view(*args, **kwargs))
            if response.status_code < 400 or response.status_code in also_on:
                location = response.headers.get("Location") or response.headers.get("HX-Redirect")
                # Whoever signs in by a double click needs the session of the second answer, not only its place.
                if form and location and _lasting(session) == session_before:
                    db.session.flush()
                    remember(form, location)
                db.session.commit()
                return response
            db.session.rollback()
            # Of a form sent twice at the same moment the second meets here and below what the first has just done.
            return _taken_before(form) or response
        except (StaleDataError, IntegrityError, PorticoError) as error:
            db.session.rollback()
            if (taken := _taken_before(form)) is not None:
                return taken
            if isinstance(error, PorticoError):
                raise
            raise Conflict(_changed_first()) from error
        except OperationalError as error:
            db.session.rollback()
            if getattr(error.orig, "sqlstate", "") in _MET:
                raise Conflict(_changed_first()) from error
            raise
        except BaseException:
            db.session.rollback()
            raise

    committed.portico_commits = True  # type: ignore[attr-defined]
    return committed  # type: ignore[return-value]


def _changed_first() -> str:
    return str(gettext("Somebody else changed this first. Look at the current state and try again."))


def _taken_before(form: str | None) -> ResponseReturnValue | None:
    """Answer a form that was taken before as it was answered then, and change nothing."""
    location = find_location(form) if form else None
    if location is None:
        return None
    flash(gettext("This was sent twice. It was taken once."), "notice")
    return go_to(location)


def _lasting(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "_flashes"}


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
