from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, InputRequired, Length

from portal.core.texts import gettext
from portal.core.web.choices import SelectChoice
from status_page.enums import TokenScope
from status_page.forms.fields import CheckboxesField, stripped


class TokenForm(FlaskForm):
    name = StringField(
        lazy_gettext("What it is for"),
        [DataRequired(lazy_gettext("Say which program uses it.")), Length(max=120)],
        filters=[stripped],
    )
    scopes = CheckboxesField(
        lazy_gettext("What it may do"), [InputRequired(lazy_gettext("Choose at least one thing."))]
    )


def token_form() -> TokenForm:
    form = TokenForm()
    form.scopes.choices = [
        SelectChoice(TokenScope.INCIDENTS.value, gettext("Open and update incidents")),
        SelectChoice(TokenScope.COMPONENTS.value, gettext("Set the state of components")),
    ]
    return form
