"""Requests to addresses that somebody typed in: resolved once, checked, and sent to exactly what was checked.

An address of this machine or of a private network is refused unless ``PORTICO_WEBHOOK_ALLOWED_HOSTS`` names its host.
The connection goes to the very address that was checked, so that a name that changes its mind in between gains
nothing; redirects are not followed, because they would lead past the check.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Timer
from urllib.parse import urlsplit

from flask import current_app

from portal.core.errors import Refused
from portal.core.settings import Settings
from portal.core.texts import gettext

TIMEOUT_SECONDS = 5.0
LARGEST_ANSWER = 64 * 1024
LONGEST_ADDRESS = 300
LONGEST_EXCHANGE_SECONDS = 30.0


class OutgoingRefused(Refused):
    """An address may not be called."""


class HostUnknown(OutgoingRefused):
    """Nobody knows the name in an address."""


@dataclass(frozen=True)
class Answer:
    """What a server said: its status, and where it leads on."""

    status: int
    location: str = ""


@dataclass(frozen=True)
class Target:
    """An address that may be called, with the network address that was checked."""

    host: str
    port: int
    path: str
    uses_tls: bool
    ip: str


def check_address(url: str, *, longest: int = LONGEST_ADDRESS) -> Target:
    """Resolve an address and refuse it when any of its network addresses is not a public one.

    Raises:
        OutgoingRefused: with a sentence that says what is wrong with it.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or len(url) > longest:
        raise OutgoingRefused(gettext("Enter an address that begins with https://."))
    if parts.username or parts.password or any(ord(character) <= 32 for character in url):
        raise OutgoingRefused(gettext("The address must hold neither a password nor spaces."))
    uses_tls = parts.scheme == "https"
    port = port or (443 if uses_tls else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    found = _resolve(parts.hostname, port)
    if not _is_allowed(parts.hostname) and not all(ipaddress.ip_address(ip).is_global for ip in found):
        raise OutgoingRefused(
            gettext(
                "%(host)s is an address of a private network. An administrator can allow it by "
                "PORTICO_WEBHOOK_ALLOWED_HOSTS.",
                host=parts.hostname,
            )
        )
    return Target(parts.hostname, port, path, uses_tls, found[0])


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout: float = TIMEOUT_SECONDS) -> int:
    """Send a body to an address after checking it again and return the status of the answer.

    Raises:
        OutgoingRefused: the address may not be called.
        OSError: nobody answered in time, or the encryption does not hold.
    """
    return _exchange(check_address(url), "POST", body, headers, timeout).status


def ask(
    url: str,
    *,
    method: str,
    headers: Mapping[str, str],
    timeout: float = TIMEOUT_SECONDS,
    longest: int = LONGEST_ADDRESS,
) -> Answer:
    """Ask for an address after checking it, following no redirect, and return what the server said.

    Raises:
        OutgoingRefused: the address may not be called; HostUnknown: there is no such host.
        OSError: nobody answered in time, or the encryption does not hold.
    """
    return _exchange(check_address(url, longest=longest), method, None, headers, timeout)


def _exchange(target: Target, method: str, body: bytes | None, headers: Mapping[str, str], timeout: float) -> Answer:
    connection: http.client.HTTPConnection
    connection = _PinnedHTTPS(target, timeout) if target.uses_tls else _PinnedHTTP(target, timeout)
    # The time out of a socket begins anew with each byte; a server that drips them must not hold a worker.
    limit = Timer(LONGEST_EXCHANGE_SECONDS, _cut, (connection,))
    limit.start()
    try:
        connection.request(method, target.path, body, dict(headers))
        answer = connection.getresponse()
        location = answer.getheader("Location", "")
        answer.read(LARGEST_ANSWER)
        return Answer(answer.status, location)
    except http.client.HTTPException as error:
        raise OSError(f"The answer was not understood: {error!r}") from error
    finally:
        limit.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


class _PinnedHTTP(http.client.HTTPConnection):
    def __init__(self, target: Target, timeout: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout)
        self._target = target

    def connect(self) -> None:
        self.sock = socket.create_connection((self._target.ip, self._target.port), self.timeout)


class _PinnedHTTPS(http.client.HTTPSConnection):
    def __init__(self, target: Target, timeout: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout, context=ssl.create_default_context())
        self._target, self._tls = target, ssl.create_default_context()

    def connect(self) -> None:
        plain = socket.create_connection((self._target.ip, self._target.port), self.timeout)
        # The certificate is checked against the name, although the connection goes to the number.
        self.sock = self._tls.wrap_socket(plain, server_hostname=self._target.host)


def _resolve(host: str, port: int) -> list[str]:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise HostUnknown(gettext("%(host)s is not known. Check the address.", host=host)) from None
    found = [str(answer[4][0]).split("%")[0] for answer in answers]
    # An IPv4 address dressed as IPv6 is what it is inside.
    return [str(getattr(ipaddress.ip_address(ip), "ipv4_mapped", None) or ip) for ip in found]


def _is_allowed(host: str) -> bool:
    settings: Settings = current_app.extensions["portico_settings"]
    return host.lower() in {name.strip().lower() for name in settings.webhook_allowed_hosts.split(",") if name.strip()}
