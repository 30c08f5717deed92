from flask import Blueprint, g, request

bp = Blueprint("knowledge", __name__, template_folder="../templates")

# Where the pages of the knowledge base belong in the navigation: reading under Articles, the person's own list under
# the profile, everything else on the desk, whatever its address.
_READING = {"browse", "section", "article", "article_as_pdf", "known_errors", "feedback", "give_feedback"}
_OWN = {"subscriptions", "end_subscription", "leave", "leave_subscription"}


@bp.before_request
def mark_place() -> None:
    page = (request.endpoint or "").removeprefix("knowledge.")
    if page not in _OWN:
        g.place = "knowledge.browse" if page in _READING else "knowledge.desk"
