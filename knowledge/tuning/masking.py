"""Takes out of a search what may tell who searched: the log is read by people.

Names cannot be told from other words; addresses, numbers and passwords can, by their shape. Error codes and names of
updates (``0x80070005``, ``KB5034441``) stay, because gaps are found by them.
"""

import re
from itertools import pairwise

LONGEST = 200
HIDDEN_MAIL, HIDDEN_NUMBER, HIDDEN_SECRET = "[e-mail]", "[number]", "[password]"

_MAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")
_SAID = re.compile(
    r"\b(password|passwort|kennwort|pwd|pin|passcode|secret|token)\b(\s*(?:[:=]|\bis\b|\bist\b|\blautet\b)\s*)(\S+)",
    re.IGNORECASE,
)
# Telephone numbers, account numbers, network addresses: six digits and more, also when grouped. Words beside them,
# as in KB5034441, and a 0x before them make them something else.
_NUMBER = re.compile(r"(?<![\w.+/-])\+?\(?\d(?:[\s./()-]{0,2}\d){5,}(?![\w])")
_BANK = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,}(?:\s?[A-Z0-9]{1,4})?\b")
_ADDRESS_WITH_QUERY = re.compile(r"(https?://[^\s?#]+)[?#]\S+", re.IGNORECASE)


def masked(text: str) -> str:
    """Return a search as the log may keep it."""
    text = " ".join(text.split())[: LONGEST * 2]
    text = _ADDRESS_WITH_QUERY.sub(r"\1", text)
    text = _MAIL.sub(HIDDEN_MAIL, text)
    text = _SAID.sub(lambda found: f"{found[1]}{found[2]}{HIDDEN_SECRET}", text)
    text = _BANK.sub(HIDDEN_NUMBER, text)
    text = _NUMBER.sub(HIDDEN_NUMBER, text)
    return " ".join(HIDDEN_SECRET if _looks_secret(word) else word for word in text.split())[:LONGEST]


def _looks_secret(word: str) -> bool:
    """Whether a single word mixes kinds of characters as passwords and keys do, and no path, address or code does."""
    if len(word) < 8 or "\\" in word or "/" in word or word.startswith("["):
        return False
    bare = word.strip(".,;:?!()\"'“”„")
    kinds = [any(map(test, bare)) for test in (str.islower, str.isupper, str.isdigit)]
    marks = any(not char.isalnum() and char not in "-_." for char in word.rstrip(".,;:?)\"'”“"))
    if all(kinds) and marks:
        return True
    # A key: long, without a vowel rhythm one could read, all three kinds mixed.
    changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(bare))
    return len(bare) >= 16 and all(kinds) and changes >= 4
