"""Two people changed the same text: what both did, where that can be told apart."""

from dataclasses import dataclass
from difflib import SequenceMatcher

Change = tuple[int, int, list[str]]


@dataclass(frozen=True)
class Merge:
    """The text with both changes; ``is_clean`` is False when they touch the same lines and it holds only mine."""

    text: str
    is_clean: bool


def merged(base: str, theirs: str, mine: str) -> Merge:
    """Return the text that contains both changes of ``base``.

    Changes of different lines come together; of the same or neighbouring lines they are left to a person, and the
    result is ``mine`` unchanged: nothing of it is ever lost.
    """
    lines = base.split("\n")
    one, other = _changes(lines, theirs.split("\n")), _changes(lines, mine.split("\n"))
    together: list[Change] = []
    for change in sorted([*one, *(change for change in other if change not in one)], key=lambda change: change[:2]):
        if together and change[0] <= together[-1][1]:
            return Merge(mine, is_clean=False)
        together.append(change)
    result: list[str] = []
    position = 0
    for start, end, new in together:
        result += lines[position:start] + new
        position = end
    return Merge("\n".join(result + lines[position:]), is_clean=True)


def _changes(base: list[str], changed: list[str]) -> list[Change]:
    codes = SequenceMatcher(None, base, changed, autojunk=False).get_opcodes()
    return [(a, b, changed[c:d]) for tag, a, b, c, d in codes if tag != "equal"]
