"""Sections, what they ask of changes, and rules for reviews."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from knowledge.audience import AGENTS, PUBLIC, SIGNED_IN
from knowledge.enums import ArticleType
from knowledge.forms.writing import type_choices
from knowledge.models import Section
from knowledge.queries import sections, work
from portal.core.web.choices import choices_from

MOST_APPROVALS = 9


class SectionForm(FlaskForm):
    """A section of the knowledge base with its policy."""

    name = StringField(_l("Name"), validators=[DataRequired(_l("Give the section a name.")), Length(max=120)])
    description = TextAreaField(_l("What is it about?"), validators=[Length(max=500)])
    parent_id = SelectField(_l("Lies in"), coerce=int)
    position = IntegerField(
        _l("Place among its neighbours"),
        validators=[Optional(), NumberRange(0, 9999)],
        description=_l("Small numbers come first, the same ones by name."),
    )
    owner_team_id = SelectField(_l("Owner team"), coerce=int)
    audience = SelectMultipleField(
        _l("Who may read it"),
        description=_l("Nothing chosen: as in the section above. It is never opened wider than that."),
    )
    min_approvals = IntegerField(
        _l("How many others must approve a change"),
        validators=[Optional(), NumberRange(0, MOST_APPROVALS)],
        description=_l("Empty: as in the section above. 0: none, whoever may publish does so at once."),
    )
    approver_team_id = SelectField(
        _l("Who may approve"),
        coerce=int,
        description=_l("Beside the right to review. Nobody approves what they wrote."),
    )
    publisher_team_id = SelectField(_l("Who may publish"), coerce=int, description=_l("Beside the right to publish."))
    separate_publisher = BooleanField(_l("Whoever publishes neither wrote nor approved it"))
    is_restricted = BooleanField(_l("New articles here may be edited only by those who may publish them"))
    review_months = IntegerField(
        _l("Months between reviews"),
        validators=[Optional(), NumberRange(1, 120)],
        description=_l("Empty: as in the section above."),
    )

    def __init__(self, section: Section | None = None, **values: Any) -> None:
        super().__init__(**values)
        teams = work.team_choices()
        self.parent_id.choices = choices_from([(0, gettext("At the top")), *sections.places_for(section)])
        self.owner_team_id.choices = choices_from([(0, gettext("No team")), *teams])
        self.approver_team_id.choices = choices_from([(0, gettext("As in the section above")), *teams])
        self.publisher_team_id.choices = choices_from([(0, gettext("As in the section above")), *teams])
        self.audience.choices = choices_from(
            [
                (PUBLIC, gettext("Everyone")),
                (SIGNED_IN, gettext("Everyone who is signed in")),
                (AGENTS, gettext("Agents")),
                *work.audience_choices(),
            ]
        )

    @classmethod
    def of(cls, section: Section) -> "SectionForm":
        teams = ("parent_id", "owner_team_id", "approver_team_id", "publisher_team_id")
        same = ("name", "description", "position", "audience", "min_approvals", "separate_publisher", "is_restricted")
        values = {name: getattr(section, name) for name in (*same, "review_months")}
        return cls(section, formdata=None, data=values | {name: getattr(section, name) or 0 for name in teams})


class RuleForm(FlaskForm):
    """How often some articles are looked at again."""

    section_id = SelectField(_l("Section"), coerce=int)
    type = SelectField(_l("Type"))
    tag = StringField(_l("Tag"), validators=[Length(max=80)])
    older_than_months = IntegerField(
        _l("Written at least so many months ago"), validators=[Optional(), NumberRange(1, 240)]
    )
    months = IntegerField(
        _l("Months between reviews"),
        validators=[InputRequired(_l("Say after how many months.")), NumberRange(1, 120)],
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.section_id.choices = choices_from([(0, gettext("Any section")), *work.section_choices()])
        self.type.choices = choices_from([("", gettext("Any type")), *type_choices()])

    @property
    def kind(self) -> ArticleType | None:
        return ArticleType(self.type.data) if self.type.data else None


class ServiceChangedForm(FlaskForm):
    """A service was changed, so what is written about it may be wrong."""

    service = SelectField(_l("Service"))
    reason = TextAreaField(
        _l("What changed?"),
        validators=[DataRequired(_l("Say what changed; the owners of the articles read it.")), Length(max=500)],
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.service.choices = choices_from(work.service_choices())
