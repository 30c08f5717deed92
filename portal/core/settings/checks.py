"""What each kind of value must be; the text of a ValueError tells what to use instead."""

import re
import zoneinfo
from email.utils import parseaddr
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import SecretStr

LEAST_SECRET = 32
_HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.IGNORECASE)
_SENDER = re.compile(r"[^\s@<>]+@[^\s@<>]+")


def named(value: object) -> object:
    if not str(value).strip():
        raise ValueError("name a folder")
    return value


def absolute(value: Path) -> Path:
    return value.expanduser().resolve()


def database_address(value: str) -> str:
    parts = _split(value)
    if value and parts.scheme.split("+")[0] not in ("sqlite", "postgresql"):
        raise ValueError("use a postgresql:// or sqlite:// address")
    if "password" in parse_qs(parts.query):
        # Only there is it known to be one, and left out of what is shown.
        raise ValueError("put the password behind the user, as in postgresql://user:password@host/name")
    return value


def redis_address(value: str) -> str:
    if value and _split(value).scheme not in ("redis", "rediss", "unix"):
        raise ValueError("use a redis:// or rediss:// address")
    return value


def web_address(value: str) -> str:
    parts = _split(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("use an http:// or https:// address")
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("use the address without a path, as in https://help.example.org")
    return value.rstrip("/")


def mail_server(value: SecretStr) -> SecretStr:
    parts = _split(value.get_secret_value())
    if value.get_secret_value() and (parts.scheme not in ("smtp", "smtp+starttls", "smtps") or parts.hostname is None):
        raise ValueError("use an smtp://, smtp+starttls:// or smtps:// address with a host")
    return value


def sender(value: str) -> str:
    if not _SENDER.fullmatch(parseaddr(value)[1]):
        raise ValueError("use an e-mail address such as IT help <help@example.org>")
    return value


def bounce_address(value: str) -> str:
    box, _, domain = value.partition("@")
    # With its name and the plus sign a message adds up to 40 characters; 64 are allowed.
    if value and (not re.fullmatch(r"[A-Za-z0-9._-]{1,24}", box) or not re.fullmatch(r"[A-Za-z0-9.-]+", domain)):
        raise ValueError("use an address such as bounces@help.example, with at most 24 characters before the @")
    return value


def host_name(value: str) -> str:
    if not _is_host(value):
        raise ValueError("use a host name or an address such as 0.0.0.0")
    return value


def host_names(value: str) -> str:
    if not all(_is_host(name.strip()) for name in value.split(",") if name.strip()):
        raise ValueError("use host names with commas between them, without http:// and without ports")
    return value


def long_secret(value: SecretStr) -> SecretStr:
    if 0 < len(value.get_secret_value()) < LEAST_SECRET:
        raise ValueError(f"use at least {LEAST_SECRET} characters that nobody can guess")
    return value


def time_zone(value: str) -> str:
    if value not in zoneinfo.available_timezones():
        raise ValueError("use a name such as Europe/Berlin")
    return value


def file(value: str) -> str:
    if value and not Path(value).is_file():
        raise ValueError("there is no such file")
    return value


def installed(value: str) -> str:
    if value == "tantivy" and find_spec("tantivy") is None:
        raise ValueError("install portico[tantivy], or leave it at whoosh")
    return value


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        # The port is looked at only when somebody asks for it.
        _ = parts.port
    except ValueError:
        raise ValueError("the host or the port of the address is not one") from None
    return parts


def _is_host(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return bool(_HOST_NAME.fullmatch(value))
    return True
