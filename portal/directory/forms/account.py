from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from portal.core.web.choices import SelectChoice, time_zone_choices
from portal.core.web.i18n import LANGUAGE_NAMES
from portal.directory.passwords import LEAST_LENGTH, MOST_LENGTH


class SignInForm(FlaskForm):
    username = StringField(
        lazy_gettext("User name or e-mail address"),
        [InputRequired(lazy_gettext("Enter your user name.")), Length(max=320)],
        filters=[lambda text: text.strip() if text else text],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        [InputRequired(lazy_gettext("Enter your password.")), Length(max=MOST_LENGTH)],
        render_kw={"autocomplete": "current-password"},
    )


class ProfileForm(FlaskForm):
    display_name = StringField(
        lazy_gettext("Your name"),
        [InputRequired(lazy_gettext("Enter the name others should see.")), Length(max=200)],
        render_kw={"autocomplete": "name"},
    )
    locale = SelectField(
        lazy_gettext("Language"),
        choices=[SelectChoice(code, name) for code, name in LANGUAGE_NAMES.items()],
        description=lazy_gettext("For pages and for e-mails to you."),
    )
    time_zone = SelectField(
        lazy_gettext("Time zone"),
        choices=time_zone_choices,
        description=lazy_gettext("Times are shown as they are there."),
    )


class NewPasswordForm(FlaskForm):
    current = PasswordField(
        lazy_gettext("Current password"),
        [InputRequired(lazy_gettext("Enter your current password.")), Length(max=MOST_LENGTH)],
        render_kw={"autocomplete": "current-password"},
    )
    password = PasswordField(
        lazy_gettext("New password"),
        [InputRequired(lazy_gettext("Enter a new password.")), Length(max=MOST_LENGTH)],
        description=lazy_gettext(
            "At least %(least)d characters. Several unrelated words are easy to keep in mind and hard to guess.",
            least=LEAST_LENGTH,
        ),
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        lazy_gettext("New password again"),
        [
            InputRequired(lazy_gettext("Enter the new password again.")),
            EqualTo("password", lazy_gettext("The two passwords are not the same.")),
        ],
        render_kw={"autocomplete": "new-password"},
    )
