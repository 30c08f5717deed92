"""Forms of the knowledge base: shape and wording; rules are with the services."""

import re
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    HiddenField,
    IntegerField,
    MultipleFileField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from knowledge.audience import AGENTS, PUBLIC, SIGNED_IN
from knowledge.content import LONGEST_TITLE, ArticleContent
from knowledge.enums import ArticleType
from knowledge.models import Article, ArticleDraft, ArticleVersion
from knowledge.queries import work
from portal.core.web.choices import choices_from
from portal.directory.api import find_user

# The fields of an article that a draft keeps, and how much of each but the text.
KEPT = ("title", "summary", "body", "section_id", "type", "language", "tags", "services", "audience", "reason")
MOST_KEPT = 2000
LANGUAGES = (("en", "English"), ("de", "Deutsch"))


def type_choices() -> list[tuple[str, str]]:
    return [
        (ArticleType.HOW_TO.value, gettext("How-to")),
        (ArticleType.TROUBLESHOOTING.value, gettext("Troubleshooting")),
        (ArticleType.KNOWN_ERROR.value, gettext("Known error")),
        (ArticleType.FAQ.value, gettext("Questions and answers")),
        (ArticleType.PROCEDURE.value, gettext("Procedure")),
    ]


class ArticleForm(FlaskForm):
    """Words and fields of an article."""

    title = StringField(
        _l("Title"),
        validators=[DataRequired(_l("Give the article a title that says what it solves.")), Length(max=LONGEST_TITLE)],
        description=_l("As people would ask or describe it: “Mail keeps asking for my password”."),
    )
    summary = TextAreaField(
        _l("Summary"),
        validators=[Optional(), Length(max=500)],
        description=_l("One sentence; it stands in search results."),
    )
    body = TextAreaField(_l("Text"), validators=[DataRequired(_l("Write the text of the article."))])
    section_id = SelectField(_l("Section"), coerce=int, validators=[InputRequired(_l("Choose a section."))])
    type = SelectField(_l("Type"))
    language = SelectField(_l("Language"), choices=choices_from(LANGUAGES))
    tags = StringField(
        _l("Tags"), validators=[Length(max=500)], description=_l("Words people file it under, with commas between.")
    )
    services = SelectMultipleField(_l("Services"))
    audience = SelectMultipleField(
        _l("Who may read it"),
        description=_l("Nothing chosen: as in the section. It is never opened wider than its section."),
    )
    reason = StringField(_l("What did you change, and why?"), validators=[Length(max=300)])
    based_on = HiddenField()
    # A picture or file that the text shall show; it comes with the text, so that nothing typed is lost on the way.
    file = FileField(_l("Picture or file"))
    alternative_text = StringField(
        _l("What does the picture show?"),
        validators=[Length(max=300)],
        description=_l("Read out to people who cannot see it, and shown when it does not load."),
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.section_id.choices = choices_from(work.section_choices())
        self.type.choices = choices_from(type_choices())
        self.services.choices = choices_from(work.service_choices())
        self.audience.choices = choices_from(
            [
                (PUBLIC, gettext("Everyone")),
                (SIGNED_IN, gettext("Everyone who is signed in")),
                (AGENTS, gettext("Agents")),
                *work.audience_choices(),
            ]
        )

    @classmethod
    def of(cls, article: Article, version: ArticleVersion) -> "ArticleForm":
        return cls(
            data={
                "title": version.title,
                "summary": version.summary,
                "body": version.body_markdown,
                "section_id": article.section_id,
                "type": version.type.value,
                "language": version.language,
                "tags": ", ".join(version.tags),
                "services": version.services,
                "audience": version.audience,
                "based_on": str(version.number),
            }
        )

    @classmethod
    def of_draft(cls, draft: ArticleDraft) -> "ArticleForm":
        return cls(formdata=None, data={**draft.typed, "based_on": str(draft.based_on or "")})

    def typed(self) -> dict[str, Any]:
        """Return what was typed, checked or not, as a draft keeps it."""
        values = {name: self[name].data for name in KEPT}
        return {
            name: value[:MOST_KEPT] if isinstance(value, str | list) and name != "body" else value
            for name, value in values.items()
        }

    def content(self) -> ArticleContent:
        return ArticleContent(
            title=self.title.data or "",
            body=self.body.data or "",
            summary=self.summary.data or "",
            type=ArticleType(self.type.data),
            language=self.language.data,
            tags=tuple((self.tags.data or "").split(",")),
            services=tuple(self.services.data or ()),
            audience=tuple(self.audience.data or ()),
        )

    @property
    def base_number(self) -> int:
        text = self.based_on.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


class ImportForm(FlaskForm):
    """Files to import in the browser."""

    files = MultipleFileField(
        _l("Files"),
        description=_l("A zip with folders, pictures and attachments, or several Markdown or HTML files."),
    )
    audience = SelectMultipleField(
        _l("Who may read articles that do not say so"),
        validators=[DataRequired(_l("Choose who may read them."))],
        description=_l("A file says it with “audience” in its front matter."),
    )
    collection = StringField(
        _l("Name of the collection"),
        validators=[Length(max=120)],
        description=_l(
            "Files of the same collection and path are the same article the next time. Empty: the name of the zip."
        ),
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.audience.choices = [
            (PUBLIC, gettext("Everyone")),
            (SIGNED_IN, gettext("Everyone who is signed in")),
            (AGENTS, gettext("Agents")),
            *work.audience_choices(),
        ]


class CompareForm(FlaskForm):
    """Which versions to compare; sent by GET."""

    class Meta:
        csrf = False

    old = IntegerField(validators=[InputRequired()])
    new = IntegerField(validators=[InputRequired()])


class FeedbackForm(FlaskForm):
    """What a reader says about an article."""

    helped = RadioField(_l("Did this article help you?"), choices=choices_from([("yes", _l("Yes")), ("no", _l("No"))]))
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
