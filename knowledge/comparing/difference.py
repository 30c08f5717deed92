"""The difference of two texts: by lines, and by words within lines that changed."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

CONTEXT = 3
# Comparing words is quadratic at worst; a line longer than this is shown as replaced.
MOST_WORDS = 6_000
# In a line longer than this, what stands everywhere (spaces, "the") joins no two places by itself; it follows its
# neighbours. Otherwise every space would be compared with every other one.
MANY_WORDS = 600
# Two lines with less in common than this are shown as one removed and one added.
ALIKE = 0.4
# So many changed lines in one place are not paired with each other any more.
MOST_PAIRED = 60
_WORD = re.compile(r"\w+|\s+|[^\w\s]")


class Kind(StrEnum):
    """What became of a line or a word."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Piece:
    """A run of text within a line."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Row:
    """One line on both sides; the numbers count from 1 and are None where the side has no such line."""

    kind: Kind
    old_number: int | None
    new_number: int | None
    old: tuple[Piece, ...] = ()
    new: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Gap:
    """Lines that are the same on both sides and are not shown."""

    lines: int


def difference(old: str, new: str) -> list[Row]:
    """Return the rows that turn ``old`` into ``new``.

    The old pieces of all rows, line by line, are the old text and the new ones the new text. Lines are compared with
    the algorithm of Ratcliff and Obershelp (``difflib``) after what begins and ends alike is set aside.
    """
    before, after = old.split("\n"), new.split("\n")
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    rows = [_same(line, number, number) for number, line in enumerate(before[:head], start=1)]
    rows += _middle(before[head : len(before) - tail], after[head : len(after) - tail], head)
    for index in range(tail, 0, -1):
        rows.append(_same(before[-index], len(before) - index + 1, len(after) - index + 1))
    return rows


def folded(rows: Sequence[Row], context: int = CONTEXT) -> list[Row | Gap]:
    """Return the rows with long runs of equal lines replaced by a gap, ``context`` lines around each change kept."""
    near = [False] * len(rows)
    for index, row in enumerate(rows):
        if row.kind is not Kind.SAME:
            for position in range(max(0, index - context), min(len(rows), index + context + 1)):
                near[position] = True
    shown: list[Row | Gap] = []
    hidden = 0
    for row, is_near in zip(rows, near, strict=True):
        if not is_near:
            hidden += 1
            continue
        if hidden:
            shown.append(Gap(hidden))
            hidden = 0
        shown.append(row)
    if hidden:
        shown.append(Gap(hidden))
    return shown


def words_between(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both lines in pieces: what is the same, and what was removed from one or added to the other."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) > MOST_WORDS or len(after) > MOST_WORDS:
        return _piece(Kind.REMOVED, old), _piece(Kind.ADDED, new)
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    left, right = list(_piece(Kind.SAME, "".join(before[:head]))), list(_piece(Kind.SAME, "".join(after[:head])))
    end = "".join(before[len(before) - tail :])
    before, after = before[head : len(before) - tail], after[head : len(after) - tail]
    matcher = SequenceMatcher(None, before, after, autojunk=len(before) + len(after) > MANY_WORDS)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            left += _piece(Kind.SAME, "".join(before[a:b]))
            right += _piece(Kind.SAME, "".join(after[c:d]))
        else:
            left += _piece(Kind.REMOVED, "".join(before[a:b]))
            right += _piece(Kind.ADDED, "".join(after[c:d]))
    return (*left, *_piece(Kind.SAME, end)), (*right, *_piece(Kind.SAME, end))


def _middle(before: list[str], after: list[str], offset: int) -> Iterator[Row]:
    matcher = SequenceMatcher(None, before, after, autojunk=len(before) + len(after) > 2_000)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            for index in range(b - a):
                yield _same(before[a + index], offset + a + index + 1, offset + c + index + 1)
        else:
            yield from _replaced(before[a:b], after[c:d], offset + a, offset + c)


def _replaced(before: list[str], after: list[str], old_offset: int, new_offset: int) -> Iterator[Row]:
    """Pair each removed line with the first added one that is alike; lines keep their order on both sides."""
    next_new = 0
    for index, line in enumerate(before):
        partner = _partner(line, after, next_new) if len(before) + len(after) <= MOST_PAIRED else None
        if partner is None:
            yield Row(Kind.REMOVED, old_offset + index + 1, None, old=_piece(Kind.REMOVED, line))
            continue
        for added in range(next_new, partner):
            yield Row(Kind.ADDED, None, new_offset + added + 1, new=_piece(Kind.ADDED, after[added]))
        old, new = words_between(line, after[partner])
        yield Row(Kind.CHANGED, old_offset + index + 1, new_offset + partner + 1, old, new)
        next_new = partner + 1
    for added in range(next_new, len(after)):
        yield Row(Kind.ADDED, None, new_offset + added + 1, new=_piece(Kind.ADDED, after[added]))


def _partner(line: str, after: list[str], start: int) -> int | None:
    words = Counter(_WORD.findall(line))
    for index in range(start, len(after)):
        other = Counter(_WORD.findall(after[index]))
        if 2 * (words & other).total() >= ALIKE * (words.total() + other.total()) > 0:
            return index
    return None


def _same(line: str, old_number: int, new_number: int) -> Row:
    piece = _piece(Kind.SAME, line)
    return Row(Kind.SAME, old_number, new_number, piece, piece)


def _piece(kind: Kind, text: str) -> tuple[Piece, ...]:
    return (Piece(kind, text),) if text else ()


def _common(one: list[str], other: list[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
