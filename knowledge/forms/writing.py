"""Writing an article and looking at what it said before."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from knowledge.audience import AGENTS, PUBLIC, SIGNED_IN
from knowledge.content import LONGEST_TITLE, ArticleContent
from knowledge.enums import ArticleType
from knowledge.models import Article, ArticleDraft, ArticleVersion
from knowledge.queries import work
from portal.core.web.choices import choices_from

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


class CompareForm(FlaskForm):
    """Which versions to compare; sent by GET."""

    class Meta:
        csrf = False

    old = IntegerField(validators=[InputRequired()])
    new = IntegerField(validators=[InputRequired()])
