"""The status inside the portal, as the person signed in may know it."""

from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from portal.core.auth import requires
from portal.core.web import page
from portal.directory.api import signed_in_user
from status_page.board import build_board
from status_page.enums import Permission
from status_page.routes.blueprint import bp
from status_page.routes.showing import words_for


@bp.get("/status/internal")
@requires(Permission.READ)
def internal() -> ResponseReturnValue:
    board = build_board(signed_in_user().audience_tokens)
    return page("status_page/internal.html", "board", board=board, **words_for(board, str(get_locale())))
