"""Forms of the desk."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, BinaryIO, TypeVar, cast

from flask_babel import LazyString, get_locale, gettext, lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage
from wtforms import Field, IntegerField, MultipleFileField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import HiddenField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.core.db import db
from portal.core.files.content_types import accepted_suffixes
from portal.core.files.models import StoredFile
from portal.core.files.services import store_file
from portal.core.web.choices import SelectChoice, words_as_choices
from portal.directory.api import Service, Team, User
from triage.tickets.enums import HoldReason, Impact, TicketKind, Urgency
from triage.tickets.models import Category, Ticket
from triage.tickets.queries import Choice, Offered
from triage.tickets.words import HOLD_REASONS, IMPACTS, KINDS, PRIORITIES, URGENCIES

LONGEST_TEXT = 20_000
Chosen = TypeVar("Chosen", Team, Service, Category, User)
Kind = TypeVar("Kind", bound=StrEnum)

_TOO_LONG = lazy_gettext("This is too long. Shorten it, or attach it as a file.")


def text_area(label: LazyString, missing: LazyString | None, **render: Any) -> TextAreaField:
    needed = InputRequired(missing) if missing else Optional()
    return TextAreaField(label, [needed, Length(max=LONGEST_TEXT, message=_TOO_LONG)], render_kw=render or None)


def files_field() -> MultipleFileField:
    return MultipleFileField(
        lazy_gettext("Attachments"), [Optional()], render_kw={"accept": accepted_suffixes(), "multiple": True}
    )


def store_files(field: MultipleFileField, actor: User) -> list[StoredFile]:
    """Check and store what was uploaded with a form; raises FileRefused with a sentence that names the file."""
    uploads = [upload for upload in field.data or [] if isinstance(upload, FileStorage) and upload.filename]
    return [store_file(cast(BinaryIO, upload.stream), upload.filename or "", actor=actor) for upload in uploads]


def text_of(field: Field) -> str:
    """Return what was entered, the empty text when nothing was."""
    return str(field.data or "")


class WriteForm(FlaskForm):
    """What whoever asked writes on the ticket."""

    body = text_area(lazy_gettext("Your message"), lazy_gettext("Write something before you send it."), rows=5)
    files = files_field()


class AgentWriteForm(FlaskForm):
    """What an agent writes: to the requester, or for colleagues."""

    kind = RadioField(
        lazy_gettext("Kind of message"),
        [InputRequired(lazy_gettext("Choose whether the requester sees this."))],
        choices=[
            SelectChoice("public", lazy_gettext("Reply")),
            SelectChoice("internal", lazy_gettext("Internal note")),
        ],
    )
    body = text_area(lazy_gettext("Your message"), lazy_gettext("Write something before you send it."), rows=5)
    then = SelectField(
        lazy_gettext("Then"),
        choices=[
            SelectChoice("stay", lazy_gettext("Leave it in work")),
            SelectChoice("wait", lazy_gettext("Wait for the requester")),
            SelectChoice("resolve", lazy_gettext("Mark it as solved with this text")),
        ],
        default="stay",
    )
    files = files_field()


class ResolveForm(FlaskForm):
    resolution = text_area(
        lazy_gettext("How was it solved?"),
        lazy_gettext("Say how it was solved, in words the requester understands."),
        rows=4,
    )


class ReopenForm(FlaskForm):
    reason = text_area(lazy_gettext("What still does not work?"), lazy_gettext("Say what still does not work."), rows=3)


class HoldForm(FlaskForm):
    reason = SelectField(lazy_gettext("Waiting for"), choices=words_as_choices(HOLD_REASONS))
    note = text_area(lazy_gettext("What exactly? The requester reads this."), None, rows=2)


class MoveForm(FlaskForm):
    team = SelectField(lazy_gettext("Team"), [InputRequired(lazy_gettext("Choose a team."))])
    reason = StringField(
        lazy_gettext("Why does it belong there?"),
        [InputRequired(lazy_gettext("Say why the ticket belongs to the other team.")), Length(max=500)],
    )

    @classmethod
    def for_ticket(cls, ticket: Ticket, teams: Iterable[Team]) -> "MoveForm":
        form = cls(prefix="move-")
        form.team.choices = choices_of((team for team in teams if team.id != ticket.team_id), gettext("Choose a team"))
        return form


class AssignForm(FlaskForm):
    agent = SelectField(lazy_gettext("Agent"), [InputRequired(lazy_gettext("Choose an agent."))])

    @classmethod
    def for_ticket(cls, ticket: Ticket, agents: Iterable[User]) -> "AssignForm":
        form = cls(prefix="assign-")
        form.agent.choices = choices_of(
            (agent for agent in agents if agent.id != ticket.assignee_id), gettext("Choose an agent")
        )
        return form


class PriorityForm(FlaskForm):
    priority = SelectField(lazy_gettext("Priority"), choices=words_as_choices(PRIORITIES))
    reason = StringField(
        lazy_gettext("Why does it differ from the matrix?"),
        [InputRequired(lazy_gettext("Say why the priority differs from the matrix.")), Length(max=500)],
    )


class FieldsForm(FlaskForm):
    title = StringField(
        lazy_gettext("Title"), [InputRequired(lazy_gettext("A ticket needs a title.")), Length(max=200)]
    )
    kind = SelectField(lazy_gettext("Kind"), choices=words_as_choices(KINDS))
    service = SelectField(lazy_gettext("Service"), [Optional()])
    category = SelectField(lazy_gettext("Category"), [Optional()])
    impact = SelectField(lazy_gettext("Impact"), choices=words_as_choices(IMPACTS))
    urgency = SelectField(lazy_gettext("Urgency"), choices=words_as_choices(URGENCIES))
    reason = StringField(lazy_gettext("Why, if the kind changes?"), [Optional(), Length(max=500)])
    version = HiddenField()

    @classmethod
    def for_ticket(cls, ticket: Ticket, offered: Offered) -> "FieldsForm":
        form = cls(
            prefix="fields-",
            title=ticket.title,
            kind=ticket.kind.value,
            service=ticket.service_id or "",
            category=ticket.category_id or "",
            impact=ticket.impact.value,
            urgency=ticket.urgency.value,
            version=ticket.version,
        )
        # What has been retired since is offered no more, but the ticket keeps it until somebody chooses another.
        form.service.choices = choices_of(_with_own(offered.services, ticket.service), gettext("None"))
        form.category.choices = choices_of(_with_own(offered.categories, ticket.category), gettext("None"))
        return form


class BulkForm(FlaskForm):
    """Which tickets to take or give; the agent is asked only when giving."""

    agent = SelectField(lazy_gettext("Agent"), [InputRequired(lazy_gettext("Choose an agent."))])


class MatrixForm(FlaskForm):
    """The matrix as sixteen fields, named ``<impact>-<urgency>``."""


for _impact in Impact:
    for _urgency in Urgency:
        setattr(
            MatrixForm,
            f"{_impact}-{_urgency}",
            SelectField(
                lazy_gettext("Priority"),
                choices=[SelectChoice(str(value), f"{value}") for value in PRIORITIES],
                coerce=int,
            ),
        )


class DeskForm(FlaskForm):
    default_team = SelectField(lazy_gettext("Team for tickets without a service"), [Optional()])
    reopen_days = IntegerField(
        lazy_gettext("Days in which a solved ticket can be opened again"),
        [
            InputRequired(lazy_gettext("Enter a number of days.")),
            NumberRange(0, 365, lazy_gettext("Choose between 0 and 365 days.")),
        ],
    )


class CategoryForm(FlaskForm):
    key = StringField(
        lazy_gettext("Key"),
        [InputRequired(lazy_gettext("Enter a key.")), Length(max=80)],
        description=lazy_gettext("For machines, never changes: small letters joined by dots, as network.vpn."),
    )
    name = StringField(lazy_gettext("Name"), [InputRequired(lazy_gettext("Enter a name.")), Length(max=120)])
    name_de = StringField(lazy_gettext("Name in German"), [Optional(), Length(max=120)])
    description = text_area(lazy_gettext("Description"), None, rows=2)
    description_de = text_area(lazy_gettext("Description in German"), None, rows=2)
    parent = SelectField(lazy_gettext("Beneath"), [Optional()])
    service = SelectField(lazy_gettext("Usual service"), [Optional()])
    keywords = text_area(lazy_gettext("Keywords"), None, rows=3)
    state = RadioField(
        lazy_gettext("Offered in forms"),
        choices=[
            SelectChoice("active", lazy_gettext("Yes")),
            SelectChoice("retired", lazy_gettext("No, it is retired")),
        ],
        default="active",
    )


def choices_of(rows: Iterable[Any], none: str) -> list[SelectChoice]:
    """Return rows of ours as choices with an empty one first; categories are indented as the tree they are."""
    locale = str(get_locale() or "en")
    return [SelectChoice("", none), *(SelectChoice(str(row.id), _label(row, locale)) for row in rows)]


def _with_own(rows: Sequence[Choice], own: Service | Category | None) -> list[Choice | Service | Category]:
    return [*rows, *([own] if own is not None and all(row.id != own.id for row in rows) else [])]


def _label(row: Any, locale: str) -> str:
    if isinstance(row, User):
        return row.display_name
    if isinstance(row, Team):
        return row.name
    name = str(row.name_in(locale))
    return f"\u2003{name}" if getattr(row, "parent_id", None) else name


def chosen_row(field: SelectField, rows: Iterable[Chosen]) -> Chosen | None:
    """Return the row a select field names, None for the empty choice."""
    return next((row for row in rows if str(row.id) == str(field.data)), None)


def picked(field: SelectField, kind: type[Chosen]) -> Chosen | None:
    """Return the row of a kind that a valid select field names, None for the empty choice."""
    return db.session.get(kind, int(field.data)) if field.data else None


__all__ = [
    "AgentWriteForm",
    "AssignForm",
    "BulkForm",
    "CategoryForm",
    "DeskForm",
    "FieldsForm",
    "HoldForm",
    "HoldReason",
    "MatrixForm",
    "MoveForm",
    "PriorityForm",
    "ReopenForm",
    "ResolveForm",
    "TicketKind",
    "WriteForm",
    "choices_of",
    "chosen_row",
    "files_field",
    "store_files",
    "text_area",
    "text_of",
]
