"""What subscribers read: an e-mail, a versioned JSON document, or a card for a chat."""

import json
from typing import Any

from flask import current_app
from flask_babel import force_locale, get_locale

from portal.core.feature import message_context
from portal.core.settings import Settings
from portal.core.texts import gettext
from status_page.board import Board
from status_page.enums import SubscriberChannel
from status_page.models import Incident, IncidentUpdate
from status_page.site.api_v2 import incident_fields, page_fields
from status_page.site.words import Moments, own_words, stage_word, state_word

TEMPLATE = "status_page/email/update"
# Stands in a text that is made once for all, where each subscriber's own link belongs.
TOKEN = "@@subscriber-token@@"


def render_message(template: str, action_url: str, action_label: str, **context: Any) -> tuple[str, str, str]:
    """Return subject, text and HTML of an e-mail in the language of the moment."""
    context |= message_context()
    context |= {"locale": str(get_locale()), "link": action_url}
    render = current_app.jinja_env.get_template
    subject = " ".join(render(f"{template}.subject.txt").render(context).split())
    text = render(f"{template}.txt").render(context).strip() + "\n"
    reason = context.pop("reason", "") or gettext(
        "You get this message because this address subscribed to the status page."
    )
    html = render("email/base.html").render(
        context
        | {"subject": subject, "text": text, "action_url": action_url, "action_label": action_label, "reason": reason}
    )
    return subject, text, html


def update_email(board: Board, update: IncidentUpdate, locale: str, *, is_reminder: bool) -> tuple[str, str, str]:
    """Return the e-mail about an update, with ``TOKEN`` in the place of the subscriber's token."""
    incident = update.incident
    when = Moments(locale, board.zone, board.at)
    with force_locale(locale):
        return render_message(
            TEMPLATE,
            incident_address(incident, locale),
            gettext("Read it on the status page"),
            incident=incident,
            title=incident.title_in(locale),
            stage=gettext("Soon") if is_reminder else stage_word(update.state),
            body=update.body_in(locale) or own_words(update.state),
            impacts=[(c.name_in(locale), state_word(state)) for c, state in board.impacts_of(update)],
            next_update=when.moment(update.next_update_at).striptags() if update.next_update_at else "",
            windows=[when.span(window.starts_at, window.ends_at).striptags() for window in incident.windows],
            manage=f"{_base()}/status/subscription/{TOKEN}",
        )


def update_body(channel: SubscriberChannel, board: Board, update: IncidentUpdate, locale: str) -> str:
    """Return the JSON document for a webhook or a chat, with ``TOKEN`` in the place of the subscriber's token."""
    incident = update.incident
    if channel == SubscriberChannel.WEBHOOK:
        return json.dumps(
            {
                "version": 1,
                "event": f"{incident.kind}.{update.state}",
                "update_id": update.public_id,
                "page": page_fields(board),
                "incident": incident_fields(board, incident),
                "manage_url": f"{_base()}/status/subscription/{TOKEN}",
            },
            ensure_ascii=False,
        )
    with force_locale(locale):
        title = f"{stage_word(update.state)}: {incident.title_in(locale)}"
        body = update.body_in(locale) or own_words(update.state)
        states = [f"{c.name_in(locale)}: {state_word(state)}" for c, state in board.impacts_of(update)]
        label = gettext("Read it on the status page")
    address = incident_address(incident, locale)
    card = _slack if channel == SubscriberChannel.SLACK else _teams
    return json.dumps(card(title, body, states, address, label), ensure_ascii=False)


def question_body(channel: SubscriberChannel, text: str, link: str) -> str:
    """Return what asks a webhook or a chat whether it wants to hear of the page."""
    if channel == SubscriberChannel.WEBHOOK:
        document: dict[str, Any] = {"version": 1, "event": "subscription.confirm", "text": text, "confirm_url": link}
    elif channel == SubscriberChannel.TEAMS:
        document = _teams(gettext("Service status"), text, [], link, gettext("Open the link"))
    else:
        document = {"text": text}
    return json.dumps(document, ensure_ascii=False)


def incident_address(incident: Incident, locale: str) -> str:
    return f"{_base()}/status/{locale}/incident-{incident.public_id}.html"


def _slack(title: str, body: str, states: list[str], address: str, label: str) -> dict[str, Any]:
    def escaped(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    text = f"*{escaped(title)}*\n{escaped(body)}"
    fields = "".join(f"\n• {escaped(state)}" for state in states)
    return {
        "text": escaped(title),
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": f"{text}{fields}"[:3000]}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": f"<{address}|{escaped(label)}>"}]},
        ],
    }


def _teams(title: str, body: str, states: list[str], address: str, label: str) -> dict[str, Any]:
    blocks = [
        {"type": "TextBlock", "text": title, "weight": "Bolder", "size": "Medium", "wrap": True},
        {"type": "TextBlock", "text": body, "wrap": True},
        *({"type": "TextBlock", "text": state, "wrap": True, "spacing": "None"} for state in states),
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
        "actions": [{"type": "Action.OpenUrl", "title": label, "url": address}],
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def _base() -> str:
    settings: Settings = current_app.extensions["portico_settings"]
    return settings.base_url
