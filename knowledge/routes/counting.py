"""Noting that an article was read, whether its page was made afresh or came from the cache."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import make_response, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from knowledge.services.viewing import is_robot, note_view
from knowledge.tuning.log import note_opened
from portal.core.web.anonymous_cache import COUNTED_ONLY

Page = TypeVar("Page", bound=Callable[..., ResponseReturnValue])
# What a browser sends when it loads a page that nobody may ever look at.
_AHEAD = ("Sec-Purpose", "Purpose", "X-Moz")


def counts_views(view: Page) -> Page:
    """Count the answers of an article's page, and the searches that led to it. It stands outside the cache, whose answers are read as well."""

    @wraps(view)
    def counted(*args: Any, article_id: int, **kwargs: Any) -> ResponseReturnValue:
        response = make_response(view(*args, article_id=article_id, **kwargs))
        # 304: the browser has the page already and shows it.
        if response.status_code in (200, 304) and _is_read():
            user_id = current_user.id if current_user.is_authenticated else None
            reader = f"user {user_id}" if user_id else f"{request.remote_addr} {request.user_agent.string}"
            note_view(article_id, reader=reader, user_id=user_id)
            note_opened(request.args.get(COUNTED_ONLY, ""), article_id)
        return response

    return counted  # type: ignore[return-value]


def _is_read() -> bool:
    is_ahead = any("prefetch" in request.headers.get(name, "") for name in _AHEAD)
    return request.method == "GET" and not is_ahead and not is_robot(request.user_agent.string)
