"""What readers say and what they are answered."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    RadioField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from portal.core.web.choices import choices_from


class FeedbackForm(FlaskForm):
    """What a reader says about an article."""

    helped = RadioField(
        _l("Did this article help you?"),
        choices=choices_from([("yes", _l("Yes")), ("no", _l("No"))]),
        validators=[InputRequired(_l("Choose one."))],
    )
    reason = RadioField(
        _l("What was wrong?"),
        choices=choices_from(
            [
                ("did_not_work", _l("I did as it says and it did not work")),
                ("wrong", _l("Something in it is wrong")),
                ("outdated", _l("It is out of date")),
                ("unclear", _l("I did not understand it")),
                ("other", _l("Something else")),
            ]
        ),
        validators=[Optional()],
    )
    passage = StringField(
        _l("Which passage?"),
        validators=[Optional(), Length(max=500)],
        description=_l("Copy the words from the article."),
    )
    comment = TextAreaField(_l("Anything else we should know?"), validators=[Optional(), Length(max=2000)])


class AnswerForm(FlaskForm):
    """What the owner answers a reader."""

    is_right = RadioField(
        _l("Was the reader right?"),
        choices=choices_from(
            [("yes", _l("Yes, the article was changed or will be")), ("no", _l("No, the article stays as it is"))]
        ),
        validators=[InputRequired(_l("Choose one."))],
    )
    answer = TextAreaField(
        _l("Answer to the reader"),
        validators=[DataRequired(_l("Say what came of it; the reader gets your answer.")), Length(max=2000)],
    )
