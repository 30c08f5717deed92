from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from portal.core.web.choices import words_as_choices
from triage.assistant.models import Conversation
from triage.assistant.services import title_from
from triage.classify.api import Suggestion
from triage.tickets.api import (
    IMPACT_ANSWERS,
    KIND_ANSWERS,
    URGENCY_ANSWERS,
    Offered,
    choices_of,
    files_field,
)

LONGEST_QUESTION = 10_000
_TOO_LONG = lazy_gettext("This is too long. Say the most important first; you can attach the rest as a file.")


class AskForm(FlaskForm):
    text = TextAreaField(
        lazy_gettext("What do you need help with?"),
        [
            DataRequired(lazy_gettext("Describe in a few words what happens.")),
            Length(max=LONGEST_QUESTION, message=_TOO_LONG),
        ],
        render_kw={"rows": 5},
    )


class TicketForm(FlaskForm):
    """The hand-over to a person: what is known is filled in, and everything can be changed."""

    title = StringField(
        lazy_gettext("In one line"),
        [DataRequired(lazy_gettext("Say in one line what this is about.")), Length(max=200)],
    )
    description = TextAreaField(
        lazy_gettext("Details"),
        [
            DataRequired(lazy_gettext("Describe what happens.")),
            Length(max=2 * LONGEST_QUESTION, message=_TOO_LONG),
        ],
        description=lazy_gettext("What did you do, what did you expect, and what came instead? Never send passwords."),
        render_kw={"rows": 6},
    )
    kind = RadioField(
        lazy_gettext("What is it?"),
        [InputRequired(lazy_gettext("Choose one."))],
        choices=words_as_choices(KIND_ANSWERS),
        default="incident",
    )
    impact = RadioField(
        lazy_gettext("Who is affected?"),
        [InputRequired(lazy_gettext("Say who is affected."))],
        choices=words_as_choices(IMPACT_ANSWERS),
    )
    urgency = RadioField(
        lazy_gettext("Can you work?"),
        [InputRequired(lazy_gettext("Say whether you can work."))],
        choices=words_as_choices(URGENCY_ANSWERS),
    )
    service = SelectField(lazy_gettext("Service"), [Optional()])
    category = SelectField(lazy_gettext("Category"), [Optional()])
    requester = StringField(lazy_gettext("For whom?"), [Optional(), Length(max=320)])
    files = files_field()

    @classmethod
    def for_conversation(
        cls,
        conversation: Conversation,
        suggestion: Suggestion,
        offered: Offered,
    ) -> "TicketForm":
        form = cls(
            title=title_from(conversation.text),
            description=conversation.text,
            service=suggestion.service.id if suggestion.service else "",
            category=suggestion.category.id if suggestion.category else "",
        )
        form.service.choices = choices_of(offered.services, gettext("I do not know"))
        form.category.choices = choices_of(offered.categories, gettext("I do not know"))
        return form
