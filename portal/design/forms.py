"""A form with one field of each kind, for the living page only."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from portal.core.web.choices import choices_from


class SampleForm(FlaskForm):
    subject = StringField(
        _l("What is the matter?"),
        validators=[DataRequired(_l("Say in a few words what is the matter.")), Length(max=120)],
        description=_l("For example: Outlook keeps asking for my password."),
    )
    details = TextAreaField(
        _l("Details"),
        validators=[Optional(), Length(max=4000)],
        description=_l("What did you do, what happened, and since when?"),
    )
    service = SelectField(
        _l("Which service?"),
        choices=choices_from(
            [
                ("", _l("Choose one")),
                ("mail", _l("Mail and calendar")),
                ("vpn", _l("Remote access")),
                ("print", _l("Printing")),
            ]
        ),
        validators=[DataRequired(_l("Choose the service, or the nearest one."))],
    )
    impact = RadioField(
        _l("Who is affected?"),
        choices=choices_from([("me", _l("Only me")), ("team", _l("My team")), ("all", _l("A whole site or more"))]),
        validators=[DataRequired(_l("Choose who is affected."))],
    )
    places = SelectMultipleField(
        _l("Where does it happen?"),
        choices=choices_from([("office", _l("In the office")), ("home", _l("At home")), ("phone", _l("On my phone"))]),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        validators=[Optional()],
    )
    needed_on = DateField(_l("Needed by"), validators=[Optional()])
    copy_to = EmailField(
        _l("Copy to"),
        validators=[Optional(), Regexp(r"[^@\s]+@[^@\s]+", message=_l("Enter an address like name@example.org."))],
    )
    files = MultipleFileField(
        _l("Files"), validators=[Optional()], description=_l("Pictures or documents, up to 10 MB each.")
    )
    tell_me = BooleanField(
        _l("Tell me about each step"), description=_l("Otherwise only when something is asked of you.")
    )
