"""Mail over TLS, with certificates made here: a good one, one of a stranger, and one of another host."""

import ssl
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from flask import Flask

from portal.core.outbox.delivery import deliver_due_messages
from portal.core.outbox.enums import MessageState
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.portal.core.outbox.test_delivery import outcomes, queue, reload, smtp_url
from tests.smtp import catching_server


def server_context(folder: Path, name: str) -> ssl.SSLContext:
    """Make a certificate for a host name or address that signs itself, and what a server needs to show it."""
    folder.mkdir(exist_ok=True)
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mail"]
    command += ["-addext", f"subjectAltName={name}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


@pytest.fixture(scope="session")
def own_name(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    folder = tmp_path_factory.mktemp("own-name")
    return server_context(folder, "IP:127.0.0.1"), folder / "certificate.pem"


def options(way: str, context: ssl.SSLContext) -> dict[str, Any]:
    return {"ssl_context": context} if way == "smtps" else {"tls_context": context, "require_starttls": True}


@pytest.fixture(params=["smtps", "starttls"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_sends_to_a_server_whose_certificate_is_trusted(
    app: Flask, way: str, own_name: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = own_name
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    queued = [queue(f"occasion:{number}") for number in range(2)]
    with catching_server(**options(way, context)) as server, smtp_url(app, server.url):
        assert deliver_due_messages() == 2
        assert len(server.messages) == 2
    assert {reload(message).state for message in queued} == {MessageState.SENT}


def test_a_certificate_of_a_stranger_is_refused_in_plain_words(
    app: Flask, client: CheckingClient, way: str, own_name: tuple[ssl.SSLContext, Path], clock: HeldClock
) -> None:
    message = queue()
    with catching_server(**options(way, own_name[0])) as server, smtp_url(app, server.url):
        assert deliver_due_messages() == 0
        assert server.messages == []
    waiting = reload(message)
    assert (waiting.state, waiting.attempts, outcomes(message)) == (MessageState.QUEUED, 1, ["retry"])
    assert waiting.last_error.startswith("The mail server 127.0.0.1:")
    assert waiting.last_error.endswith("cannot be used: its certificate is not trusted: self-signed certificate.")
    # It is said where administrators look, and nothing is lost: it goes out once the certificate is right.
    client.sign_in(make_user("administrator"))
    assert "its certificate is not trusted" in client.get(f"/admin/deliveries/{message.id}").text
    clock.forward(minutes=2)
    with catching_server() as server, smtp_url(app, server.url):
        assert deliver_due_messages() == 1


def test_a_certificate_of_another_host_is_refused(
    app: Flask, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = server_context(tmp_path, "DNS:somewhere.else.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    message = queue()
    with catching_server(**options(way, context)) as server, smtp_url(app, server.url):
        assert deliver_due_messages() == 0
        assert server.messages == []
    assert "its certificate is not trusted: IP address mismatch" in reload(message).last_error


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_signs_in_with_the_password_of_the_address(
    app: Flask, way: str, own_name: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = own_name
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def check(server: Any, session: Any, envelope: Any, mechanism: str, given: LoginPassword) -> AuthResult:
        right = (given.login, given.password) == (b"portico@mail", b"p/ss wort:1")
        return AuthResult(success=right, handled=False)

    # aiosmtpd counts a connection that is encrypted from its first byte as plain, so it is told not to ask.
    signing_in = {"authenticator": check, "auth_required": True, "auth_require_tls": way == "starttls"}
    with catching_server(**options(way, context), **signing_in) as server:
        scheme, address = server.url.split("://")
        for password, sent in (("wrong", 0), ("p/ss wort:1", 1)):
            message = queue(f"with {password}")
            user = f"{quote('portico@mail', safe='')}:{quote(password, safe='')}"
            with smtp_url(app, f"{scheme}://{user}@{address}"):
                assert deliver_due_messages() == sent
            if not sent:
                assert "535" in reload(message).last_error
                assert password not in reload(message).last_error


def test_a_server_that_wants_encryption_costs_no_message(app: Flask, own_name: tuple[ssl.SSLContext, Path]) -> None:
    message = queue()
    with catching_server(**options("starttls", own_name[0])) as server:
        plain = server.url.replace("smtp+starttls", "smtp")
        with smtp_url(app, plain):
            assert deliver_due_messages() == 0
    waiting = reload(message)
    assert waiting.state is MessageState.QUEUED
    assert "wants encryption or sign-in first: 530" in waiting.last_error


def test_a_server_without_encryption_is_never_spoken_to_in_plain(app: Flask) -> None:
    message = queue()
    with catching_server() as server:
        port = server.url.rsplit(":", 1)[1]
        for scheme, words in (("smtp+starttls", "STARTTLS"), ("smtps", "does not answer in TLS on this port")):
            with smtp_url(app, f"{scheme}://127.0.0.1:{port}"):
                assert deliver_due_messages() == 0
            assert words in reload(message).last_error
            message = queue(f"after {scheme}")
        assert server.messages == []
