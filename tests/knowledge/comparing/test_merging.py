"""Two changes of one text."""

from hypothesis import given
from hypothesis import strategies as st

from knowledge.comparing.merging import merged

LINES = st.lists(st.text(alphabet="abc", max_size=2), max_size=8).map("\n".join)


def test_changes_of_different_lines_come_together() -> None:
    base = "one\ntwo\nthree\nfour\nfive"
    result = merged(base, "ONE\ntwo\nthree\nfour\nfive", "one\ntwo\nthree\nfour\nFIVE\nsix")
    assert result.is_clean
    assert result.text == "ONE\ntwo\nthree\nfour\nFIVE\nsix"


def test_changes_of_the_same_line_are_left_to_a_person() -> None:
    result = merged("one\ntwo", "ONE\ntwo", "uno\ntwo")
    assert (result.is_clean, result.text) == (False, "uno\ntwo")


def test_the_same_change_twice_is_one_change() -> None:
    assert merged("one\ntwo\nthree", "ONE\ntwo\nthree", "ONE\ntwo\nthree").text == "ONE\ntwo\nthree"


@given(LINES, LINES)
def test_if_only_one_changed_the_text_is_theirs(base: str, changed: str) -> None:
    assert merged(base, changed, base).text == changed
    assert merged(base, base, changed).text == changed


@given(LINES, LINES, LINES)
def test_mine_is_never_lost(base: str, theirs: str, mine: str) -> None:
    result = merged(base, theirs, mine)
    if not result.is_clean:
        assert result.text == mine


@given(LINES, LINES, LINES)
def test_who_comes_first_does_not_matter(base: str, one: str, other: str) -> None:
    first, second = merged(base, one, other), merged(base, other, one)
    assert first.is_clean == second.is_clean
    if first.is_clean:
        assert first.text == second.text
