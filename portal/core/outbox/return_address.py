"""Where mail servers send back what they cannot deliver: an address of its own for each message, which nobody can guess."""

import hmac
import re

from portal.core.settings import Settings

# An address may have 64 characters before its @; 80 bits are beyond guessing by mail.
_DIGITS = 20
_NAMED = re.compile(rf"(?P<box>[^+@]+)\+(?P<id>[0-9]{{1,18}})-(?P<proof>[0-9a-f]{{{_DIGITS}}})@(?P<domain>[^@]+)")


def return_address(settings: Settings, message_id: int) -> str:
    """Return the address that what comes back of a message is sent to; empty when none is set up."""
    if not settings.bounce_address:
        return ""
    box, _, domain = settings.bounce_address.partition("@")
    return f"{box}+{message_id}-{_proof(settings, message_id)}@{domain}"


def message_of(settings: Settings, address: str) -> int | None:
    """Return the message that a return address was made for, None when it is not one of ours."""
    found = _NAMED.fullmatch(address.strip().lower())
    if found is None or f"{found['box']}@{found['domain']}" != settings.bounce_address.lower():
        return None
    message_id = int(found["id"])
    return message_id if hmac.compare_digest(found["proof"], _proof(settings, message_id)) else None


def _proof(settings: Settings, message_id: int) -> str:
    key = settings.secret_key.get_secret_value().encode()
    return hmac.new(key, f"return address {message_id}".encode(), "sha256").hexdigest()[:_DIGITS]
