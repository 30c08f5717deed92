"""Forms of services and calendars."""

import re
from datetime import date

from flask_babel import LazyString, gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.core.web.choices import SelectChoice, time_zone_choices
from portal.directory.enums import Criticality
from portal.directory.forms.administration import key_field, name_field
from portal.directory.models import BusinessCalendar, Service, Team, User
from portal.directory.queries.people import find_user
from portal.directory.queries.services import list_services
from portal.directory.queries.teams import list_teams
from portal.directory.services.calendars import DAYS, CalendarFacts, clock_text
from portal.directory.services.it_services import ServiceFacts

CRITICALITIES = {
    Criticality.CRITICAL: lazy_gettext("Critical"),
    Criticality.HIGH: lazy_gettext("High"),
    Criticality.MEDIUM: lazy_gettext("Medium"),
    Criticality.LOW: lazy_gettext("Low"),
}
_STRETCH = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")


def _person_field(label: LazyString) -> StringField:
    return StringField(
        label,
        [Optional(), Length(max=320)],
        description=lazy_gettext("User name or e-mail address."),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )


class ServiceForm(FlaskForm):
    name = name_field(lazy_gettext("Name"))
    description = TextAreaField(lazy_gettext("What it is for"), [Length(max=2000)], render_kw={"rows": 3})
    criticality = SelectField(
        lazy_gettext("Criticality"),
        choices=lambda: [SelectChoice(value.value, label) for value, label in CRITICALITIES.items()],
        description=lazy_gettext("How much the organisation depends on it. It weighs in the priority of tickets."),
    )
    owner_team = SelectField(
        lazy_gettext("Team that answers for it"),
        choices=lambda: [SelectChoice(str(team.id), team.name) for team in list_teams(with_closed=True)],
    )
    primary_owner = _person_field(lazy_gettext("Owner"))
    secondary_owner = _person_field(lazy_gettext("Stands in for the owner"))
    keywords = StringField(
        lazy_gettext("Words people use for it"),
        [Length(max=1000)],
        description=lazy_gettext("Separated by commas. They help search and the sorting of tickets."),
    )
    name_de = StringField(lazy_gettext("Name in German"), [Length(max=120)])
    description_de = TextAreaField(lazy_gettext("What it is for, in German"), [Length(max=2000)], render_kw={"rows": 3})
    needs = SelectMultipleField(
        lazy_gettext("Needs these services to work"),
        validators=[Optional()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def offer_services(self, besides: Service | None = None) -> None:
        """Fill the choices with every other service in use, and those the service needs already."""
        kept = set(besides.depends_on) if besides else set()
        offered = [item for item in list_services(with_retired=True) if not item.is_retired or item in kept]
        self.offered = {str(item.id): item for item in offered if item is not besides}
        self.needs.choices = [SelectChoice(key, item.name) for key, item in self.offered.items()]

    def show(self, service: Service) -> None:
        """Fill the fields with what is known of a service."""
        german = service.translations.get("de", {})
        self.process(
            data={
                "name": service.name,
                "description": service.description,
                "criticality": service.criticality.value,
                "owner_team": str(service.owner_team_id),
                "primary_owner": service.primary_owner.username if service.primary_owner else "",
                "secondary_owner": service.secondary_owner.username if service.secondary_owner else "",
                "keywords": ", ".join(service.keywords),
                "name_de": german.get("name", ""),
                "description_de": german.get("description", ""),
                "needs": [str(item.id) for item in service.depends_on],
            }
        )

    def validate_primary_owner(self, field: StringField) -> None:
        self.primary = _known_person(field)

    def validate_secondary_owner(self, field: StringField) -> None:
        self.secondary = _known_person(field)

    def facts(self, teams: dict[str, Team], kept: dict[str, dict[str, str]]) -> ServiceFacts:
        """Return what was entered, after ``validate``; translations into other languages are kept."""
        german = {
            name: text.strip()
            for name, text in (("name", self.name_de.data or ""), ("description", self.description_de.data or ""))
            if text.strip()
        }
        others = {locale: texts for locale, texts in kept.items() if locale != "de"}
        return ServiceFacts(
            name=self.name.data or "",
            owner_team=teams[self.owner_team.data],
            description=self.description.data or "",
            criticality=Criticality(self.criticality.data),
            primary_owner=getattr(self, "primary", None),
            secondary_owner=getattr(self, "secondary", None),
            keywords=(self.keywords.data or "").split(","),
            needs=[self.offered[key] for key in self.needs.data or ()],
            translations=others | ({"de": german} if german else {}),
        )


class NewServiceForm(ServiceForm):
    key = key_field()


def _hours_field(label: LazyString) -> StringField:
    return StringField(label, [Length(max=120)])


class CalendarForm(FlaskForm):
    name = name_field(lazy_gettext("Name"))
    time_zone = SelectField(lazy_gettext("Time zone"), choices=time_zone_choices)
    monday = _hours_field(lazy_gettext("Monday"))
    tuesday = _hours_field(lazy_gettext("Tuesday"))
    wednesday = _hours_field(lazy_gettext("Wednesday"))
    thursday = _hours_field(lazy_gettext("Thursday"))
    friday = _hours_field(lazy_gettext("Friday"))
    saturday = _hours_field(lazy_gettext("Saturday"))
    sunday = _hours_field(lazy_gettext("Sunday"))
    holidays = TextAreaField(
        lazy_gettext("Holidays"),
        [Length(max=20_000)],
        description=lazy_gettext("One a line: the day as 2026-12-25, then its name."),
        render_kw={"rows": 8},
    )

    def show(self, calendar: BusinessCalendar) -> None:
        week: dict[str, list[str]] = {}
        for item in calendar.hours:
            text = f"{clock_text(item.opens_minute)}-{clock_text(item.closes_minute)}"
            week.setdefault(DAYS[item.weekday], []).append(text)
        self.process(
            data={
                "name": calendar.name,
                "time_zone": calendar.time_zone,
                "holidays": "\n".join(f"{item.day} {item.name}" for item in calendar.holidays),
                **{day: ", ".join(texts) for day, texts in week.items()},
            }
        )

    def validate_holidays(self, field: TextAreaField) -> None:
        parse_holidays(field.data or "")

    def facts(self) -> CalendarFacts:
        """Return what was entered, after ``validate``."""
        return CalendarFacts(
            name=self.name.data or "",
            time_zone=self.time_zone.data,
            week=[parse_hours(self[day].data or "") for day in DAYS],
            holidays=parse_holidays(self.holidays.data or ""),
        )


def _check_hours(form: FlaskForm, field: StringField) -> None:
    parse_hours(field.data or "")


for _day in DAYS:
    setattr(CalendarForm, f"validate_{_day}", staticmethod(_check_hours))


class NewCalendarForm(CalendarForm):
    key = key_field()


def parse_hours(text: str) -> list[tuple[int, int]]:
    """Return the stretches of ``09:00-12:00, 13:00-17:00`` in minutes; empty text is a day without work."""
    found = []
    for piece in filter(None, (piece.strip() for piece in text.split(","))):
        match = _STRETCH.fullmatch(piece)
        if match is None or int(match[2]) > 59 or int(match[4]) > 59:
            raise ValidationError(gettext("Write the hours as 09:00-12:00, 13:00-17:00."))
        found.append((int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])))
    return found


def parse_holidays(text: str) -> list[tuple[date, str]]:
    """Return the days and names of lines such as ``2026-12-25 Christmas Day``."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        day, _, name = line.strip().partition(" ")
        try:
            found.append((date.fromisoformat(day), name.strip()[:120] or day))
        except ValueError:
            raise ValidationError(
                gettext("Line %(number)d does not begin with a day such as 2026-12-25.", number=number)
            ) from None
    return found


def _known_person(field: StringField) -> User | None:
    if not (field.data or "").strip():
        return None
    person = find_user(field.data or "")
    if person is None or not person.is_active:
        raise ValidationError(gettext("Nobody with an open account has this user name or address."))
    return person
