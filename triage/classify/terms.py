"""From text to comparable words, the same way for what people write and for what administrators enter."""

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")
# The commonest endings of English and German, longest first; words this short are left alone.
_ENDINGS = ("ungen", "ing", "ung", "ern", "ed", "en", "er", "es", "s", "e", "n")
_SHORTEST_STEM = 4
# Words that stand in every message and tell nothing about what it is about.
_STOP_TEXT = (
    "a an and are at be but by can cannot could do does for from has have how i if in is it its me my no not of on or "
    "our please since so that the then there this to was we what when with you your "
    "aber alle auch auf aus bei bin bitte das dass dem den der des die ein eine einen es für habe hat ich im in ist "
    "kann kein keine man mein meine mich mir mit nach nicht noch oder sehr seit sich sie sind so und uns vom von war "
    "was wenn wie wir wird zu zum zur"
)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


_STOP = frozenset(_plain(_STOP_TEXT).split())


def terms_of(text: str) -> tuple[str, ...]:
    """Return the telling words of a text in their order: small letters, no accents, common endings cut off."""
    words = (part for word in _WORD.findall(_plain(text)) for part in _parts(word))
    return tuple(_stem(word) for word in words if word not in _STOP)


@lru_cache(maxsize=4096)
def terms_of_entry(text: str) -> tuple[str, ...]:
    """Return the same for a name or a keyword, which is compared with every text and hardly ever changes."""
    return terms_of(text)


def words_by_term(text: str) -> dict[str, str]:
    """Return for each term of a text the word that gave it, as it was written, to explain a decision with."""
    written: dict[str, str] = {}
    for word in _WORD.findall(text):
        for term in terms_of(word):
            written.setdefault(term, word)
    return written


def _parts(word: str) -> list[str]:
    # "wi-fi" and "wifi" are one word, "e-mail-server" also holds its parts.
    if "-" not in word and "'" not in word:
        return [word]
    pieces = re.split(r"[-']", word)
    joined = "".join(pieces)
    return [joined, *(piece for piece in pieces if len(piece) > 3)]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word
