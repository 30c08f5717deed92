from collections.abc import Sequence
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

from portal.core.texts import gettext
from portal.core.web.choices import SelectChoice
from portal.core.web.i18n import LANGUAGE_NAMES
from status_page.enums import SubscriberChannel
from status_page.forms.fields import CheckboxesField, stripped
from status_page.models import Component


class ChoiceForm(FlaskForm):
    """What somebody wants to hear of."""

    extent = RadioField(lazy_gettext("What do you want to hear of?"), default="all")
    components = CheckboxesField(lazy_gettext("Services"), coerce=int)
    includes_new = BooleanField(lazy_gettext("Also services that are added later"))
    locale = SelectField(lazy_gettext("Language"))

    def validate_components(self, field: Any) -> None:
        if self.extent.data == "some" and not field.data:
            raise ValidationError(gettext("Choose at least one service."))

    def values(self) -> dict[str, Any]:
        some = self.extent.data == "some"
        return {
            "whole_page": not some,
            "component_ids": (self.components.data or []) if some else [],
            "includes_new": bool(some and self.includes_new.data),
            "locale": self.locale.data,
        }


class SubscribeForm(ChoiceForm):
    channel = SelectField(lazy_gettext("How"), default=SubscriberChannel.EMAIL.value)
    address = StringField(
        lazy_gettext("E-mail address, or address of the webhook"),
        [DataRequired(lazy_gettext("Enter an address.")), Length(max=300)],
        filters=[stripped],
    )

    contact = StringField(
        lazy_gettext("E-mail address for notices"),
        [Length(max=300)],
        filters=[stripped],
        description=lazy_gettext("For webhooks and chats: we write here when they cannot be reached for long."),
    )

    def validate_contact(self, field: Any) -> None:
        if field.data and self.channel.data != SubscriberChannel.EMAIL:
            _refuse_no_address(field)

    def validate_address(self, field: Any) -> None:
        if self.channel.data == SubscriberChannel.EMAIL:
            _refuse_no_address(field)


def fill_choices(form: ChoiceForm, components: Sequence[Component], locale: str) -> None:
    """Give a form the choices there are for this reader."""
    form.extent.choices = [
        SelectChoice("all", gettext("Everything on the page")),
        SelectChoice("some", gettext("Only some services")),
    ]
    form.components.choices = [SelectChoice(component.id, component.name_in(locale)) for component in components]
    form.locale.choices = [SelectChoice(code, name) for code, name in LANGUAGE_NAMES.items()]
    if isinstance(form, SubscribeForm):
        form.channel.choices = [
            SelectChoice("email", gettext("E-mail")),
            SelectChoice("webhook", gettext("Webhook (JSON)")),
            SelectChoice("slack", "Slack"),
            SelectChoice("teams", "Microsoft Teams"),
        ]


def _refuse_no_address(field: Any) -> None:
    try:
        validate_email(field.data, check_deliverability=False)
    except EmailNotValidError:
        raise ValidationError(gettext("That is not an e-mail address.")) from None
