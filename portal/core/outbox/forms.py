from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, SearchField, SelectField
from wtforms.validators import Optional

from portal.core.outbox.enums import MessageState
from portal.core.web.choices import choices_from

STATE_WORDS = {
    MessageState.QUEUED: _("Waiting"),
    MessageState.SENDING: _("Being sent"),
    MessageState.HANDED_OVER: _("Being handed over"),
    MessageState.SENT: _("Sent"),
    MessageState.UNCERTAIN: _("Uncertain"),
    MessageState.DEAD: _("Failed"),
    MessageState.DISCARDED: _("Discarded"),
}

OUTCOME_WORDS = {
    "sent": _("Sent"),
    "retry": _("Failed for now"),
    "dead": _("Failed for good"),
    "bounced": _("Came back as undeliverable"),
    "uncertain": _("Unknown"),
}


class DeliveryFilters(FlaskForm):
    """Filters of the delivery log, all in the URL."""

    class Meta:
        csrf = False

    state = SelectField(
        _("State"),
        choices=choices_from([("", _("Any state")), *((state.value, words) for state, words in STATE_WORDS.items())]),
        validators=[Optional()],
    )
    recipient = SearchField(_("Recipient"))
    template = SearchField(_("Kind of message"))
    since = DateField(_("From"), validators=[Optional()])
    until = DateField(_("To"), validators=[Optional()])
