"""A real mail server inside the test process that keeps what it receives."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.processes import free_port


class CatchingServer:
    """Keeps every message it takes; can be told to refuse or to fall silent."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        # Where each of them would come back to, in the same order.
        self.return_addresses: list[str] = []
        self.connections = 0
        self.refuse_recipient: dict[str, str] = {}
        self.refuse_data: dict[str, str] = {}
        # Those whose message is kept, and the connection broken instead of an answer.
        self.silent: set[str] = set()
        # Called with the recipient when the whole message is here and nothing is answered yet.
        self.on_data: Callable[[str], None] = lambda recipient: None
        self.lock = threading.Lock()
        self.url = ""

    def counts(self) -> Counter[str]:
        with self.lock:
            return Counter(str(message["Message-ID"]) for message in self.messages)

    async def handle_EHLO(  # noqa: N802 (named by the protocol)
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.refuse_recipient:
            return self.refuse_recipient[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        recipient = envelope.rcpt_tos[0]
        if recipient in self.refuse_data:
            return self.refuse_data[recipient]
        content = envelope.original_content or b""
        with self.lock:
            self.messages.append(message_from_bytes(content, policy=policy.default))
            self.return_addresses.append(envelope.mail_from or "")
        self.on_data(recipient)
        if recipient in self.silent:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 taken"


@contextmanager
def catching_server(**options: Any) -> Iterator[CatchingServer]:
    """Run a server on a free port until the end of the block."""
    handler = CatchingServer()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        scheme = "smtps" if "ssl_context" in options else "smtp+starttls" if "tls_context" in options else "smtp"
        handler.url = f"{scheme}://127.0.0.1:{controller.port}"
        yield handler
    finally:
        controller.stop()
