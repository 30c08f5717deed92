"""Forms for synonyms and promoted answers: shape and wording; rules are with the services."""

import re

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from knowledge.tuning.enums import PromotionMatch
from knowledge.tuning.models import PromotedAnswer, SynonymGroup
from portal.core.web.choices import choices_from


class TriedForm(FlaskForm):
    """What both have in common: a search to try them with, and why they are there."""

    sample = StringField(
        _l("Try it with this search"),
        validators=[Optional(), Length(max=200)],
        description=_l("Empty: the first line above."),
    )
    note = StringField(
        _l("Why?"), validators=[Optional(), Length(max=300)], description=_l("For the colleagues who come after you.")
    )


class SynonymForm(TriedForm):
    """Words that mean the same."""

    terms = TextAreaField(
        _l("Words and phrases that mean the same"),
        validators=[DataRequired(_l("Give at least two words or phrases, one on each line.")), Length(max=2_000)],
        description=_l("One on each line. Who searches for one of them also finds what uses the others."),
    )

    @classmethod
    def of(cls, group: SynonymGroup) -> "SynonymForm":
        return cls(formdata=None, data={"terms": "\n".join(group.terms), "note": group.note})

    @property
    def lines(self) -> list[str]:
        return (self.terms.data or "").splitlines()


class PromotionForm(TriedForm):
    """An article that stands first."""

    article = StringField(
        _l("Article"),
        validators=[DataRequired(_l("Paste the address of the article, or its number.")), Length(max=400)],
        description=_l("Paste its address, or write its number."),
    )
    phrases = TextAreaField(
        _l("For these searches"),
        validators=[DataRequired(_l("Give at least one search, one on each line.")), Length(max=2_000)],
        description=_l("One on each line, as people would type it. Capitals and accents make no difference."),
    )
    match = RadioField(
        _l("When"),
        choices=choices_from(
            [
                (PromotionMatch.WHOLE.value, _l("The search is exactly one of these")),
                (PromotionMatch.CONTAINS.value, _l("The search contains one of these")),
            ]
        ),
        default=PromotionMatch.WHOLE.value,
        validators=[InputRequired(_l("Choose one."))],
    )
    last_day = DateField(
        _l("Until"), validators=[Optional()], description=_l("The last day it is shown. Empty: until it is removed.")
    )

    @classmethod
    def of(cls, promotion: PromotedAnswer) -> "PromotionForm":
        return cls(
            formdata=None,
            data={
                "article": str(promotion.article_id),
                "phrases": "\n".join(promotion.phrases),
                "match": promotion.match.value,
                "last_day": promotion.last_day,
                "note": promotion.note,
            },
        )

    @property
    def lines(self) -> list[str]:
        return (self.phrases.data or "").splitlines()

    @property
    def article_number(self) -> int:
        found = re.search(r"(?:/articles/|^)([1-9][0-9]{0,8})(?:[/?#]|$)", (self.article.data or "").strip())
        return int(found[1]) if found else 0
