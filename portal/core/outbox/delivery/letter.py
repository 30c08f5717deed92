"""The e-mail that a queued message becomes."""

import re
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy.engine import Row

from portal.core import clock

_PLAIN_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+")


class _Headers(HeaderRegistry):
    """The library makes a new class for every header of every letter; one for each name is enough."""

    @cache  # noqa: B019 (there is one registry, for as long as the process lives)
    def __getitem__(self, name: str) -> type:
        return super().__getitem__(name)


POLICY = SMTP.clone(header_factory=_Headers())


def build_letter(message: Row[Any], mail_from: str) -> EmailMessage:
    """Return the e-mail of a queued message. The same message always gets the same Message-ID.

    Raises:
        ValueError: an address or the subject cannot stand in a header.
    """
    name, sender = parseaddr(mail_from)
    letter = EmailMessage(policy=POLICY)
    letter["From"] = Address(display_name=name, addr_spec=sender)
    letter["To"] = _address(message.recipient)
    letter["Subject"] = message.subject
    letter["Date"] = format_datetime(clock.now())
    letter["Message-ID"] = _identifier(message.idempotency_key, sender)
    thread = message.headers.get("thread")
    if thread:
        first = _identifier(thread, sender)
        letter["In-Reply-To"] = first
        letter["References"] = first
    leave = message.headers.get("leave")
    if leave:
        # RFC 8058: the reader's mail program can leave with one click, without opening anything.
        letter["List-Unsubscribe"] = f"<{leave}>"
        letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # Automatic answers to automatic messages must not start a loop.
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.body_text)
    if message.body_html:
        letter.add_alternative(message.body_html, subtype="html")
    return letter


def _address(written: str) -> Address:
    if not _PLAIN_ADDRESS.fullmatch(written):
        raise ValueError(f"“{written}” is not an address that mail can be sent to.")
    name, _, domain = written.rpartition("@")
    return Address(username=name, domain=domain.encode("idna").decode())


def _identifier(key: str, sender: str) -> str:
    return f"<{sha256(key.encode()).hexdigest()[:40]}@{sender.rpartition('@')[2] or 'localhost'}>"
