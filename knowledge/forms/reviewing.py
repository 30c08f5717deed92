"""Asking for a review, deciding and remarking."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateTimeLocalField,
    HiddenField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from portal.core.web.choices import choices_from


class SubmitForm(FlaskForm):
    """Asking for a review."""

    title = StringField(_l("What is it about?"), validators=[Optional(), Length(max=300)])
    description = TextAreaField(_l("What should the reviewers know?"), validators=[Optional(), Length(max=4000)])
    reviewers = SelectMultipleField(
        _l("Reviewers"), coerce=int, description=_l("Nobody chosen: everyone who may review it sees it.")
    )
    together = SelectMultipleField(
        _l("Publish together with"), coerce=int, description=_l("All of them are published at once, or none.")
    )
    publish_at = DateTimeLocalField(
        _l("Publish at"), validators=[Optional()], description=_l("Empty: as soon as it is approved and published.")
    )


class ReviewForm(FlaskForm):
    """A reviewer's decision."""

    # What was read, so that nobody decides on words they have not seen.
    versions = HiddenField()

    verdict = RadioField(
        _l("Your decision"),
        choices=choices_from([("approved", _l("Approve")), ("changes_requested", _l("Ask for changes"))]),
        validators=[InputRequired(_l("Choose one."))],
    )
    note = TextAreaField(_l("Note to the author"), validators=[Optional(), Length(max=4000)])


class CommentForm(FlaskForm):
    """A remark on a passage."""

    article_id = HiddenField(validators=[DataRequired()])
    passage = StringField(_l("Which words?"), validators=[Optional(), Length(max=500)])
    text = TextAreaField(_l("Your remark"), validators=[DataRequired(_l("Write your remark.")), Length(max=4000)])
