from importlib.metadata import version

from flask import Blueprint, abort, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from knowledge.api import suggest_queries, suggest_titles
from portal.core.auth import public
from portal.core.settings import LOCALES
from portal.core.web import own_path, page
from portal.core.web.anonymous_cache import cached_for_anonymous
from portal.core.web.i18n import remember_locale
from portal.core.web.redirects import go_to, wanted_path
from portal.core.web.security import limiter
from portal.home.queries import largest_subjects, latest_open_tickets
from portal.home.searching import search_page

MOST_SUGGESTED = 8

bp = Blueprint("home", __name__, template_folder="templates")


@bp.get("/")
@public
@cached_for_anonymous
def index() -> ResponseReturnValue:
    return page("home/index.html", subjects=largest_subjects(), tickets=latest_open_tickets())


@bp.get("/search")
@public
# A whole organisation may come from one address; what asks for more is a program.
@limiter.limit("12000 per minute")
def search() -> ResponseReturnValue:
    return page("home/search.html", "results", **search_page(request.args, current_user))


@bp.get("/search/suggest")
@public
@limiter.limit("12000 per minute")
def suggest() -> ResponseReturnValue:
    typed = request.args.get("q", "")[:200]
    asked = [
        {"title": query, "url": url_for("home.search", q=query), "kind": gettext("Search")}
        for query in suggest_queries(typed, current_user)
    ]
    titles = [
        {"title": item.title, "url": item.url, "kind": gettext("Article")}
        for item in suggest_titles(typed, current_user)
    ]
    return jsonify((asked + titles)[:MOST_SUGGESTED])


@bp.get("/about")
@public
def about() -> ResponseReturnValue:
    return page("home/about.html", version=version("portico"))


@bp.get("/language/<code>")
@public
def language(code: str) -> ResponseReturnValue:
    if code not in LOCALES:
        abort(404)
    response = go_to(own_path(wanted_path()))
    remember_locale(response, code)
    return response
