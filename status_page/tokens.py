"""The links in messages: signed, tied to one subscriber, and worthless when its nonce has changed."""

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from portal.core.db import db
from portal.core.settings import Settings
from portal.core.texts import gettext
from status_page.models import Subscriber
from status_page.services.refusals import TokenRefused


def token_of(subscriber_id: int, nonce: str) -> str:
    """Return the token of a subscriber's links."""
    return str(_serializer().dumps([subscriber_id, nonce]))


def subscriber_of(token: str) -> Subscriber:
    """Return whose token it is.

    Raises:
        TokenRefused: it was forged, or used up by leaving.
    """
    try:
        subscriber_id, nonce = _serializer().loads(token)
        subscriber = db.session.get(Subscriber, subscriber_id)
    except (BadSignature, ValueError, TypeError):
        subscriber, nonce = None, ""
    if subscriber is None or subscriber.nonce != nonce:
        raise TokenRefused(gettext("This link is not valid any more. Subscribe again to get a new one."))
    return subscriber


def _serializer() -> URLSafeSerializer:
    settings: Settings = current_app.extensions["portico_settings"]
    return URLSafeSerializer(settings.secret_key.get_secret_value(), salt="status-subscriber")
