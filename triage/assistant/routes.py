"""Ask in your own words; answers first, then a person."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from knowledge.api import SearchOutcome, note_outcome
from portal.core.auth import public, requires
from portal.core.errors import Refused
from portal.core.files.services import FileRefused
from portal.core.web import commits, page, see_other
from portal.core.web.redirects import go_to
from portal.core.web.security import limiter
from portal.core.web.visit import visit_token
from portal.directory.api import Service, User, find_user, signed_in_user
from status_page.api import me_too, open_incidents_for
from triage.assistant import services
from triage.assistant.answers import Answer, find_articles, read_again
from triage.assistant.enums import Outcome
from triage.assistant.forms import LONGEST_QUESTION, AskForm, TicketForm
from triage.assistant.models import Conversation
from triage.assistant.queries import get_conversation
from triage.classify.api import Suggestion, suggest
from triage.tickets.api import (
    ArticleUse,
    Category,
    Impact,
    Permission,
    Ticket,
    TicketKind,
    Urgency,
    offered,
    picked,
    store_files,
    text_of,
)

bp = Blueprint("assistant", __name__, template_folder="templates")


@bp.get("/ask")
@public
def ask() -> ResponseReturnValue:
    return page("assistant/ask.html", form=AskForm(formdata=None, text=request.args.get("text", "")[:1000]))


@bp.post("/ask")
@public
@commits
@limiter.limit("20 per minute")
def begin() -> ResponseReturnValue:
    form = AskForm()
    if not form.validate():
        return page("assistant/ask.html", form=form, status=422)
    text = text_of(form.text)
    conversation = services.begin_conversation(text, _answers(text), user=_user())
    note_outcome(SearchOutcome.ASKED, visit=visit_token())
    return see_other("assistant.conversation", token=conversation.token)


@bp.get("/ask/<token>")
@public
def conversation(token: str) -> ResponseReturnValue:
    found = _conversation(token)
    if found.outcome is Outcome.HANDED_OVER:
        return see_other("assistant.sent", token=token)
    return _answers_page(found, AskForm(formdata=None, text=found.text))


@bp.post("/ask/<token>")
@public
@commits
@limiter.limit("20 per minute")
def ask_again(token: str) -> ResponseReturnValue:
    found, form = _conversation(token), AskForm()
    if not form.validate():
        return _answers_page(found, form, status=422)
    text = text_of(form.text)
    services.ask_again(found, text, _answers(text))
    return see_other("assistant.conversation", token=token)


@bp.post("/ask/<token>/articles/<int:article_id>")
@public
@commits
def judge(token: str, article_id: int) -> ResponseReturnValue:
    found = _conversation(token)
    use = request.form.get("use", "")
    if use not in (ArticleUse.OPENED, ArticleUse.REJECTED, ArticleUse.HELPED):
        abort(400)
    services.judge_article(found, article_id, ArticleUse(use), user=_user())
    if use == ArticleUse.OPENED:
        answer = next((answer for answer in _answers(found.text) if answer.article_id == article_id), None)
        return go_to(answer.url) if answer else see_other("assistant.conversation", token=token)
    if found.outcome is Outcome.SOLVED and use == ArticleUse.HELPED:
        note_outcome(SearchOutcome.SOLVED, visit=visit_token(), article_id=article_id)
    return see_other("assistant.conversation", token=token)


@bp.get("/ask/<token>/ticket")
@requires(Permission.CREATE)
def ticket(token: str) -> ResponseReturnValue:
    found = _conversation(token)
    if found.outcome is Outcome.HANDED_OVER:
        return see_other("assistant.sent", token=token)
    form, suggestion = _ticket_form(found)
    return _ticket_page(found, form, suggestion)


@bp.post("/ask/<token>/ticket")
@requires(Permission.CREATE)
@commits
def hand_over(token: str) -> ResponseReturnValue:
    found = _conversation(token)
    form, suggestion = _ticket_form(found)
    if form.validate():
        try:
            _hand_over(found, form, suggestion)
        except FileRefused as refusal:
            form.files.errors = [str(refusal)]
        except UnknownPerson as refusal:
            form.requester.errors = [str(refusal)]
        else:
            return see_other("assistant.sent", token=token)
    return _ticket_page(found, form, suggestion, status=422)


@bp.post("/ask/<token>/incidents/<int:incident_id>")
@requires(Permission.CREATE)
@commits
def join(token: str, incident_id: int) -> ResponseReturnValue:
    _conversation(token)
    me_too(incident_id, signed_in_user())
    flash(
        gettext("You are counted in, and we write to you when there is news. You need no ticket for this."), "success"
    )
    return see_other("assistant.ticket", token=token)


@bp.post("/ask/<token>/ticket/articles")
@requires(Permission.CREATE)
@commits
@limiter.limit("120 per minute")
def fitting(token: str) -> ResponseReturnValue:
    """Articles for what stands in the form so far, asked while somebody types; those they rejected are left out."""
    found = _conversation(token)
    form, suggestion = _ticket_form(found)
    text = f"{text_of(form.title)}\n{text_of(form.description)}"[:LONGEST_QUESTION]
    answers = [answer for answer in _answers(text) if found.use_of(answer.article_id) is not ArticleUse.REJECTED]
    if found.outcome is not Outcome.HANDED_OVER:
        services.note_shown(found, answers)
    return _ticket_page(found, form, suggestion, fitting=answers)


@bp.get("/ask/<token>/sent")
@requires(Permission.READ_OWN)
def sent(token: str) -> ResponseReturnValue:
    found = _conversation(token)
    if found.ticket is None:
        return see_other("assistant.conversation", token=token)
    return page("assistant/sent.html", ticket=found.ticket)


class UnknownPerson(Refused):
    """Nobody has the name a ticket should be opened for."""


def _conversation(token: str) -> Conversation:
    return get_conversation(token, current_user.id)


def _user() -> User | None:
    return signed_in_user() if current_user.is_authenticated else None


def _answers(text: str) -> list[Answer]:
    return find_articles(text, current_user.audience_tokens)


def _answers_page(found: Conversation, form: AskForm, *, status: int = 200) -> ResponseReturnValue:
    return page(
        "assistant/conversation.html",
        status=status,
        conversation=found,
        answers=_answers(found.text),
        form=form,
        can_submit=not current_user.is_authenticated or current_user.can(Permission.CREATE),
    )


def _ticket_form(found: Conversation) -> tuple[TicketForm, Suggestion]:
    suggestion = suggest(found.text)
    return TicketForm.for_conversation(found, suggestion, offered()), suggestion


def _ticket_page(
    found: Conversation,
    form: TicketForm,
    suggestion: Suggestion,
    *,
    status: int = 200,
    fitting: Sequence[Answer] = (),
) -> ResponseReturnValue:
    for_others = current_user.can(Permission.WORK)
    likely = suggestion.service
    return page(
        "assistant/ticket.html",
        "fitting",
        status=status,
        fitting=fitting,
        conversation=found,
        form=form,
        suggestion=suggestion,
        for_others=for_others,
        known_trouble=open_incidents_for([likely.id], current_user.audience_tokens) if likely else [],
    )


def _hand_over(
    found: Conversation,
    form: TicketForm,
    suggestion: Suggestion,
) -> Ticket:
    user: Any = signed_in_user()
    return services.hand_over(
        found,
        actor=user,
        requester=_requester(form),
        title=text_of(form.title),
        description=text_of(form.description),
        kind=TicketKind(form.kind.data),
        impact=Impact(form.impact.data),
        urgency=Urgency(form.urgency.data),
        service=picked(form.service, Service),
        category=picked(form.category, Category),
        suggestion=suggestion,
        answers=read_again([row.article_id for row in found.articles], user),
        files=store_files(form.files, user),
    )


def _requester(form: TicketForm) -> User | None:
    """Return for whom an agent opens the ticket; others open only their own."""
    name = text_of(form.requester).strip()
    if not name or not current_user.can(Permission.WORK):
        return None
    person = find_user(name)
    if person is None or not person.is_active:
        raise UnknownPerson(gettext("Nobody has this user name or e-mail address."))
    return person
