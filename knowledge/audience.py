"""Tokens that say who may read, and what remains of them inside a narrower place."""

import re
from collections.abc import Iterable

PUBLIC = "public"
SIGNED_IN = "signed-in"
AGENTS = "agents"
_TOKEN = re.compile(r"public|signed-in|agents|role:[a-z0-9_]{1,60}|team:[1-9][0-9]{0,9}")


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def narrowed(wanted: Iterable[str], within: Iterable[str]) -> frozenset[str]:
    """Return the tokens that open both: each of ``wanted`` together with each of ``within``.

    Everybody is public and whoever has any other token is signed in; so of two tokens the narrower one remains.
    Two that say nothing about each other (a role and a team) leave nothing.
    """
    return frozenset(token for one in wanted for other in within if (token := _meet(one, other)))


def _meet(one: str, other: str) -> str | None:
    if one == other or _implies(one, other):
        return one
    return other if _implies(other, one) else None


def _implies(narrow: str, wide: str) -> bool:
    if wide == PUBLIC:
        return True
    if wide == SIGNED_IN:
        return narrow != PUBLIC
    return wide == AGENTS and narrow in ("role:agent", "role:administrator")
