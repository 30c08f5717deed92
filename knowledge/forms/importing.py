"""Files to import in the browser."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import MultipleFileField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Length

from knowledge.audience import AGENTS, PUBLIC, SIGNED_IN
from knowledge.queries import work
from portal.core.web.choices import choices_from


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
        self.audience.choices = choices_from(
            [
                (PUBLIC, gettext("Everyone")),
                (SIGNED_IN, gettext("Everyone who is signed in")),
                (AGENTS, gettext("Agents")),
                *work.audience_choices(),
            ]
        )
