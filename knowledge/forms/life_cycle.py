"""Steps in the life of an article and who answers for it."""

import re
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from knowledge.enums import ErrorState
from knowledge.models import Article
from knowledge.queries import work
from portal.core.web.choices import choices_from
from portal.directory.api import find_user


class ReasonForm(FlaskForm):
    """A step that needs a reason."""

    reason = TextAreaField(
        _l("Why?"), validators=[DataRequired(_l("Give a reason; it stays in the record.")), Length(max=1000)]
    )


class RetireForm(ReasonForm):
    """Taking an article from readers for good."""

    successor = StringField(
        _l("Which article replaces it?"),
        validators=[Optional(), Length(max=300)],
        description=_l("Paste its address; the old address then leads there. Empty if there is none."),
    )

    @property
    def successor_number(self) -> int:
        found = re.search(r"(?:/articles/|^)([1-9][0-9]{0,8})(?:/|$)", (self.successor.data or "").strip())
        return int(found[1]) if found else 0


class ErrorStateForm(FlaskForm):
    """How far a known error is."""

    state = RadioField(_l("How far is it?"), validators=[InputRequired(_l("Choose how far it is."))])
    note = StringField(
        _l("What readers should know about it"),
        validators=[Optional(), Length(max=300)],
        description=_l("One sentence: what it waits for, or what mended it. It stands above the article."),
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.state.choices = choices_from(
            [
                (ErrorState.OPEN.value, gettext("Open: nothing helps yet")),
                (ErrorState.WORKAROUND.value, gettext("People can get by: there is a workaround")),
                (ErrorState.RESOLVED.value, gettext("Resolved: the fault is mended")),
            ]
        )

    @classmethod
    def of(cls, article: Article) -> "ErrorStateForm":
        return cls(formdata=None, data={"state": article.error_state, "note": article.error_note})


class OwnershipForm(FlaskForm):
    """Who answers for an article."""

    owner_team_id = SelectField(_l("Owner team"), coerce=int)
    owner = StringField(_l("Owner"), validators=[Optional(), Length(max=120)], description=_l("User name."))
    review_months = IntegerField(
        _l("Months between reviews"),
        validators=[Optional(), NumberRange(1, 120)],
        description=_l("Empty: as in the section."),
    )
    is_restricted = BooleanField(_l("Only those who may publish it may edit it"))

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.owner_team_id.choices = choices_from([(0, gettext("No team")), *work.team_choices()])

    @classmethod
    def of(cls, article: Article) -> "OwnershipForm":
        return cls(
            formdata=None,
            data={
                "owner_team_id": article.owner_team_id or 0,
                "owner": article.owner.username if article.owner else "",
                "review_months": article.review_months,
                "is_restricted": article.is_restricted,
            },
        )

    def validate_owner(self, field: StringField) -> None:
        if field.data and find_user(field.data) is None:
            raise ValidationError(gettext("There is nobody with this user name."))
