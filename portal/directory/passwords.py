"""Passwords: hashing, verification and the rules for new ones. Nothing here touches the database."""

from dataclasses import dataclass
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext

from portal.core.errors import Refused

LEAST_LENGTH = 12
# A longer text would only cost time to hash.
MOST_LENGTH = 200

_hasher = PasswordHasher()
# Each hash takes 64 MiB for a tenth of a second: a burst of sign-ins must wait instead of filling the memory.
_turns = BoundedSemaphore(2)

# The commonest passwords, without the digits and signs that people add to make them long enough.
_COMMON_WORDS = """
    admin administrator changeme changepassword computer company correcthorsebatterystaple default dragon football
    geheim geheimespasswort guest hallo hallowelt helpdesk helpdeskhelpdesk iloveyou iloveyouforever letmein
    letmeinletmein letmeinplease login master monkey mustermann mypassword mypasswordis newpassword passphrase passw0rd
    passwort passwortpasswort password passwordpassword p@ssword p@ssw0rd pa$$word pa$$w0rd portico porticoportico
    princess qwerty qwertyqwerty qwertyuiop qwertyuiopasdf qwertz qwertzuiop asdfghjkl secret secretpassword service
    shadow starwars summer sunshine superman support supersecret temporary temppassword thisismypassword trustno
    verysecret welcome welcomewelcome willkommen winter winterwinter abcabcabcabc abcdefghijkl test testtest
    testtesttest testpassword user username zaqwsx qazwsxedc qazwsxedcrfv 1q2w3e4r5t6y 1qaz2wsx3edc 1qaz2wsx
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_SEQUENCES = (
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
)


class PasswordRefused(Refused):
    """A new password breaks a rule; the sentence names it."""


@dataclass(frozen=True)
class NewPassword:
    """A password that keeps the rules, hashed. Only ``choose`` makes one."""

    password_hash: str


def choose(password: str, *, username: str, email: str = "") -> NewPassword:
    """Check a new password against the rules and hash it; slow on purpose, so call it outside a transaction.

    Raises:
        PasswordRefused: with a sentence that names the rule.
    """
    _refuse_weak(password, username=username.strip(), email=email.strip())
    return NewPassword(hash_password(password))


def hash_password(password: str) -> str:
    with _turns:
        return _hasher.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password belongs to the hash; without a hash it costs the same time and is False."""
    with _turns:
        try:
            _hasher.verify(password_hash or _nobodys_hash(), password)
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def _refuse_weak(password: str, *, username: str, email: str) -> None:
    plain = password.casefold()
    if len(password) < LEAST_LENGTH:
        raise PasswordRefused(gettext("Use at least %(least)d characters.", least=LEAST_LENGTH))
    if len(password) > MOST_LENGTH:
        raise PasswordRefused(gettext("Use at most %(most)d characters.", most=MOST_LENGTH))
    if plain.strip() in {username.casefold(), email.casefold()} or _without_trimmings(plain) == username.casefold():
        raise PasswordRefused(gettext("Your user name cannot be your password. Choose something else."))
    if _is_common(plain):
        raise PasswordRefused(gettext("Too many people use this password. Put together several unrelated words."))


def _is_common(plain: str) -> bool:
    return (
        plain in _COMMON
        or _without_trimmings(plain) in _COMMON
        or len(set(plain)) < 4
        or any(plain in sequence * 2 for sequence in _SEQUENCES)
    )


def _without_trimmings(plain: str) -> str:
    return plain.strip("0123456789 !?.,-_#*+$&%")


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("the password of nobody")
