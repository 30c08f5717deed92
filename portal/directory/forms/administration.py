"""Forms of the administration: people, teams, roles and the organisation."""

from flask_babel import LazyString, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional

from portal.core.web.choices import SelectChoice, time_zone_choices
from portal.core.web.i18n import LANGUAGE_NAMES
from portal.directory.passwords import LEAST_LENGTH, MOST_LENGTH
from portal.directory.queries.rights import list_roles
from portal.directory.queries.teams import list_calendars, list_teams

NOBODY = ""
KEY_HELP = lazy_gettext("A short name for addresses and files. It cannot be changed later.")


def team_choices(*, nothing: object) -> list[SelectChoice]:
    return [SelectChoice(NOBODY, nothing), *(SelectChoice(str(team.id), team.name) for team in list_teams())]


def calendar_choices() -> list[SelectChoice]:
    none = SelectChoice(NOBODY, lazy_gettext("None: always open"))
    return [none, *(SelectChoice(str(item.id), item.name) for item in list_calendars())]


def name_field(label: LazyString) -> StringField:
    return StringField(label, [InputRequired(lazy_gettext("Enter a name.")), Length(max=120)])


def key_field() -> StringField:
    return StringField(
        lazy_gettext("Key"),
        [InputRequired(lazy_gettext("Enter a key.")), Length(max=60)],
        description=KEY_HELP,
        render_kw={"autocapitalize": "none", "spellcheck": "false"},
    )


class PersonForm(FlaskForm):
    display_name = StringField(
        lazy_gettext("Name"), [InputRequired(lazy_gettext("Enter the name others should see.")), Length(max=200)]
    )
    username = StringField(
        lazy_gettext("User name"),
        [InputRequired(lazy_gettext("Enter a user name.")), Length(max=120)],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    email = EmailField(
        lazy_gettext("E-mail address"), [InputRequired(lazy_gettext("Enter an e-mail address.")), Length(max=320)]
    )


class NewPersonForm(PersonForm):
    locale = SelectField(
        lazy_gettext("Language"), choices=[SelectChoice(code, name) for code, name in LANGUAGE_NAMES.items()]
    )
    time_zone = SelectField(lazy_gettext("Time zone"), choices=time_zone_choices)
    password = PasswordField(
        lazy_gettext("First password"),
        [Optional(), Length(max=MOST_LENGTH)],
        description=lazy_gettext(
            "At least %(least)d characters. The person chooses another at the first sign-in. "
            "Without one, nobody can sign in yet.",
            least=LEAST_LENGTH,
        ),
        render_kw={"autocomplete": "new-password"},
    )


class SetPasswordForm(FlaskForm):
    password = PasswordField(
        lazy_gettext("New password"),
        [InputRequired(lazy_gettext("Enter a new password.")), Length(max=MOST_LENGTH)],
        description=lazy_gettext("At least %(least)d characters.", least=LEAST_LENGTH),
        render_kw={"autocomplete": "new-password"},
    )
    must_change = BooleanField(lazy_gettext("The person must choose another one at the next sign-in"), default=True)


class ReasonForm(FlaskForm):
    reason = StringField(
        lazy_gettext("Reason"),
        [InputRequired(lazy_gettext("Say why. It is kept in the audit trail.")), Length(max=500)],
        description=lazy_gettext("Kept in the audit trail."),
    )


class EmptyForm(FlaskForm):
    """For an act that needs no answer beyond the button."""


class GrantForm(ReasonForm):
    role = SelectField(
        lazy_gettext("Role"),
        choices=lambda: [SelectChoice(str(role.id), role.shown_name) for role in list_roles() if not role.is_default],
    )
    team = SelectField(
        lazy_gettext("For"),
        choices=lambda: team_choices(nothing=lazy_gettext("Everything")),
        description=lazy_gettext("A team limits the role to the tickets and things of that team."),
    )
    # The reason is the last question.
    field_order = ("role", "team", "reason")


def tier_field() -> SelectField:
    return SelectField(
        lazy_gettext("Support tier"),
        choices=[
            SelectChoice(NOBODY, lazy_gettext("None")),
            SelectChoice("1", lazy_gettext("Tier 1")),
            SelectChoice("2", lazy_gettext("Tier 2")),
            SelectChoice("3", lazy_gettext("Tier 3")),
        ],
    )


class MemberForm(FlaskForm):
    tier = tier_field()
    is_lead = BooleanField(lazy_gettext("Leads the team"))


class NewMemberForm(MemberForm):
    person = StringField(
        lazy_gettext("User name or e-mail address"),
        [InputRequired(lazy_gettext("Enter a user name or an address.")), Length(max=320)],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    field_order = ("person", "tier", "is_lead")


class TeamForm(FlaskForm):
    name = name_field(lazy_gettext("Name"))
    description = TextAreaField(lazy_gettext("What the team does"), [Length(max=2000)], render_kw={"rows": 3})
    calendar = SelectField(
        lazy_gettext("Business calendar"),
        choices=calendar_choices,
        description=lazy_gettext("Working time in promises to people is counted by it."),
    )


class NewTeamForm(TeamForm):
    key = key_field()


class ChangeTeamForm(TeamForm):
    is_active = BooleanField(
        lazy_gettext("In use"), description=lazy_gettext("A team that is not in use gets no new work.")
    )


class RoleForm(FlaskForm):
    name = name_field(lazy_gettext("Name"))
    description = StringField(lazy_gettext("What it is for"), [Length(max=500)])
    permissions = SelectMultipleField(lazy_gettext("Permissions"), validators=[Optional()])


class NewRoleForm(RoleForm):
    key = key_field()
    field_order = ("name", "key", "description")


class OrganisationForm(FlaskForm):
    name = name_field(lazy_gettext("Name of the organisation"))
    accent = StringField(
        lazy_gettext("Accent colour"),
        [Length(max=7)],
        description=lazy_gettext("Written as #0b6376. Empty: the product's own colour."),
        render_kw={"autocapitalize": "none", "spellcheck": "false"},
    )
