"""The difference of two texts."""

import time

from hypothesis import given
from hypothesis import strategies as st

from knowledge.comparing.difference import Gap, Kind, Row, difference, folded, words_between

LINES = st.lists(st.text(alphabet="ab cäß.,*#\t", max_size=12), max_size=15).map("\n".join)


def side(rows: list[Row], name: str) -> str:
    number = "old_number" if name == "old" else "new_number"
    return "\n".join(
        "".join(piece.text for piece in getattr(row, name)) for row in rows if getattr(row, number) is not None
    )


@given(LINES, LINES)
def test_each_side_is_its_text(old: str, new: str) -> None:
    rows = difference(old, new)
    assert side(rows, "old") == old
    assert side(rows, "new") == new


@given(LINES, LINES)
def test_lines_are_numbered_in_order_without_gaps(old: str, new: str) -> None:
    rows = difference(old, new)
    assert [row.old_number for row in rows if row.old_number] == list(range(1, old.count("\n") + 2))
    assert [row.new_number for row in rows if row.new_number] == list(range(1, new.count("\n") + 2))


@given(LINES)
def test_equal_texts_differ_nowhere(text: str) -> None:
    assert {row.kind for row in difference(text, text)} == {Kind.SAME}


@given(LINES, LINES)
def test_what_is_the_same_is_the_same_on_both_sides(old: str, new: str) -> None:
    for row in difference(old, new):
        if row.kind is Kind.SAME:
            assert row.old == row.new
        if row.kind is Kind.CHANGED:
            kept = ["".join(p.text for p in pieces if p.kind is Kind.SAME) for pieces in (row.old, row.new)]
            assert kept[0] == kept[1]


@given(LINES, LINES, st.integers(0, 4))
def test_folding_hides_only_what_is_the_same(old: str, new: str, context: int) -> None:
    rows = difference(old, new)
    shown = folded(rows, context)
    assert [row for row in shown if isinstance(row, Row) and row.kind is not Kind.SAME] == [
        row for row in rows if row.kind is not Kind.SAME
    ]
    assert sum(item.lines if isinstance(item, Gap) else 1 for item in shown) == len(rows)


def test_words_within_a_line() -> None:
    old, new = words_between("Open the *old* client.", "Open the *new* client now.")
    assert [piece.text for piece in old if piece.kind is Kind.REMOVED] == ["old"]
    assert [piece.text for piece in new if piece.kind is Kind.ADDED] == ["new", " now"]


def test_a_line_that_changed_little_is_one_row() -> None:
    rows = difference("one\nStart the client and wait.\nthree", "one\nStart the new client and wait.\nthree")
    assert [row.kind for row in rows] == [Kind.SAME, Kind.CHANGED, Kind.SAME]


def test_a_line_that_has_nothing_in_common_is_two_rows() -> None:
    assert [row.kind for row in difference("alpha beta", "gamma")] == [Kind.REMOVED, Kind.ADDED]


def test_one_very_long_line_still_shows_the_words_that_changed() -> None:
    words = [f"word{number % 300}" if number % 3 else "the" for number in range(1_200)]
    changed = [*words[:500], "entirely", "new", *words[502:]]
    old, new = words_between(" ".join(words), " ".join(changed))
    removed = "".join(piece.text for piece in old if piece.kind is Kind.REMOVED)
    added = "".join(piece.text for piece in new if piece.kind is Kind.ADDED)
    assert ("entirely" in added, len(added) < 40, len(removed) < 40) == (True, True, True)
    assert "".join(piece.text for piece in old) == " ".join(words)


def test_large_and_different_texts_end_in_time() -> None:
    old = "\n".join(f"line {number % 50} {number}" for number in range(6_000))
    new = "\n".join(f"row {number % 50} {number}" for number in range(6_000))
    begin = time.process_time()
    difference(old, new)
    assert time.process_time() - begin < 10
