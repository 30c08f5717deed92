"""Ways to hand a letter over: a mail server, or a folder for trying things out."""

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTPUTF8
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from portal.core.settings import Settings

SMTP_SECONDS = 30
# RFC 5321 lets a server take ten minutes to answer the end of a message; few take one.
ANSWER_SECONDS = 120
# Encryption or sign-in required (RFC 3207, RFC 4954): a setting of ours is wrong, and no message is lost for that.
_SET_UP_WRONGLY = (530, 538)
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\n)")

HandOver = Callable[[], None]


class Unreachable(Exception):
    """The mail server cannot be reached or refuses us: no message was tried."""


class TryLater(Exception):
    """The message was not taken now and may be later."""


class Undeliverable(Exception):
    """The message will never be taken."""


class Unanswered(Exception):
    """The message was handed over and the answer did not come: it has most likely arrived."""


class Transport(Protocol):
    """Hands letters over. ``hand_over`` is called right before the act that cannot be taken back.

    ``comes_back_to`` is told to servers on the way; empty: the sender.
    """

    def send(self, letter: EmailMessage, comes_back_to: str, hand_over: HandOver) -> None: ...
    def close(self) -> None: ...


def make_transport(settings: Settings) -> Transport:
    url = settings.smtp_url.get_secret_value()
    return SmtpTransport(url) if url else FolderTransport(settings.data_dir / "mail")


class FolderTransport:
    """Writes each letter as a file, which every mail program can open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, letter: EmailMessage, comes_back_to: str, hand_over: HandOver) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        # The name is made from the Message-ID, so a letter written twice is one file.
        path = self.folder / f"{sha256(str(letter['Message-ID']).encode()).hexdigest()[:24]}.eml"
        draft = path.with_suffix(".draft")
        draft.write_bytes(letter.as_bytes())
        hand_over()
        draft.replace(path)

    def close(self) -> None:
        """A folder needs no farewell."""


class SmtpTransport:
    """Sends over one connection, opened when the first letter comes and again when it broke."""

    def __init__(self, url: str) -> None:
        self.url = urlsplit(url)
        self.connection: CarefulSMTP | None = None

    def send(self, letter: EmailMessage, comes_back_to: str, hand_over: HandOver) -> None:
        """Send one letter to its one recipient.

        Raises:
            Unreachable, TryLater, Undeliverable, Unanswered: what became of it.
        """
        connection = self.connection or self._connect()
        connection.hand_over = hand_over
        sender, recipient = (letter[name].addresses[0].addr_spec for name in ("From", "To"))
        try:
            connection.sendmail(
                comes_back_to or sender, [recipient], _content(letter), mail_options=_options(connection, recipient)
            )
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _refusal(code, text) from error
        except smtplib.SMTPResponseException as error:
            if error.smtp_code == 421:
                self._drop()
            if error.smtp_code in _SET_UP_WRONGLY:
                self._drop()
                raise Unreachable(f"The mail server wants encryption or sign-in first: {_words(error)}") from error
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise TryLater(f"The connection broke: {error}") from error
        except BaseException:
            # A letter abandoned half-way leaves the conversation in the middle of a sentence.
            self._drop()
            raise

    def close(self) -> None:
        if self.connection is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self.connection.quit()
            self.connection = None

    def _drop(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _connect(self) -> "CarefulSMTP":
        kind = CarefulSMTPOverTLS if self.url.scheme == "smtps" else CarefulSMTP
        port = self.url.port or {"smtps": 465, "smtp+starttls": 587}.get(self.url.scheme, 25)
        connection: CarefulSMTP | None = None
        try:
            connection = kind(self.url.hostname or "", port, timeout=SMTP_SECONDS)
            if self.url.scheme == "smtp+starttls":
                connection.starttls(context=ssl.create_default_context())
            if self.url.username:
                connection.login(unquote(self.url.username), unquote(self.url.password or ""))
            connection.ehlo_or_helo_if_needed()
            assert connection.sock is not None
            # The end of a letter is a packet of its own and must not wait for the acknowledgement of the one before.
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, smtplib.SMTPException) as error:
            if connection is not None:
                connection.close()
            raise Unreachable(f"The mail server {self.url.hostname}:{port} cannot be used: {_reason(error)}") from error
        self.connection = connection
        return connection


class CarefulSMTP(smtplib.SMTP):
    """Tells us right before the server is given the end of a letter."""

    hand_over: HandOver

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.putcmd("data")
        code, text = self.getreply()
        if code != 354:
            raise smtplib.SMTPDataError(code, text)
        self.send(_quoted(msg))
        self.hand_over()
        try:
            assert self.sock is not None
            self.sock.settimeout(ANSWER_SECONDS)
            self.send(b".\r\n")
            answer = self.getreply()
            self.sock.settimeout(SMTP_SECONDS)
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            raise Unanswered(f"The mail server took the message and did not answer: {error}") from error
        return answer


class CarefulSMTPOverTLS(CarefulSMTP, smtplib.SMTP_SSL):
    """The same over a connection that is encrypted from its first byte, with the server's certificate checked."""

    def __init__(self, host: str, port: int, *, timeout: float) -> None:
        smtplib.SMTP_SSL.__init__(self, host, port, timeout=timeout, context=ssl.create_default_context())


def _content(letter: EmailMessage) -> bytes:
    return letter.as_bytes() if str(letter["To"]).isascii() else letter.as_bytes(policy=SMTPUTF8)


def _options(connection: smtplib.SMTP, recipient: str) -> list[str]:
    if recipient.isascii():
        return []
    if not connection.has_extn("smtputf8"):
        raise Undeliverable("The mail server does not accept addresses with letters outside ASCII.")
    return ["SMTPUTF8", "BODY=8BITMIME"]


def _quoted(content: bytes) -> bytes:
    """Return the content with CRLF lines and leading dots doubled, as RFC 5321 (4.5.2) asks; ends with a line end."""
    lines = _LINE_END.sub(b"\r\n", content)
    return re.sub(rb"(?m)^\.", b"..", lines if lines.endswith(b"\r\n") else lines + b"\r\n")


def _reason(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message.rstrip('.')}."
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER"):
            return "it does not answer in TLS on this port; use smtp+starttls:// or another port."
        case smtplib.SMTPResponseException():
            return _words(error)
        case _:
            return str(error)


def _words(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    return f"{error.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"


def _refusal(code: int, text: bytes | str) -> Exception:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    kind = Undeliverable if 500 <= code < 600 else TryLater
    return kind(f"{code} {words}")
