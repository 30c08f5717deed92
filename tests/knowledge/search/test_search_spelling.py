import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.spelling import Speller, Vocabulary

COUNTS = {
    "exchange": 60, "outlook": 50, "sharepoint": 40, "password": 30, "printer": 30, "calendar": 20, "page": 30,
    "login": 20, "task": 20, "list": 40, "distribution": 12, "mailbox": 40, "migration": 20, "wrong": 12,
    "powershell": 12, "shell": 9, "power": 9, "calender": 1, "restore": 9,
}  # fmt: skip


@pytest.fixture
def speller() -> Speller:
    return Speller(Vocabulary(COUNTS), protected={"portico"}, accepted=frozenset({"everybody"}))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("exchnage", "exchange"),
        ("outlok", "outlook"),
        ("outllook", "outlook"),
        ("sharepiont", "sharepoint"),
        ("pasword", "password"),
        ("printwr", "printer"),
        ("migraton", "migration"),
        ("xchange", "exchange"),
        ("loginpage", "login page"),
        ("tasklist", "task list"),
        ("distrib", "distribution"),
        ("calender", "calendar"),
    ],
)
def test_slips_are_mended(speller: Speller, typed: str, meant: str) -> None:
    assert [c.replacement for c in speller.correct([typed])] == [meant]


@pytest.mark.parametrize(
    "word", ["exchange", "portico", "everybody", "x1", "2013", "ab", "zzzzqqqq", "über", "日本語", ""]
)
def test_right_names_numbers_and_hopeless_words_are_left_alone(speller: Speller, word: str) -> None:
    assert speller.correct([word]) == []


def test_two_words_that_are_one_are_joined(speller: Speller) -> None:
    assert speller.joined(["power", "shell", "printer"]) == ["powershell"]


@given(st.lists(st.text(alphabet=string.ascii_lowercase, max_size=30), max_size=8))
def test_corrections_are_always_words_in_use(query: list[str]) -> None:
    speller = Speller(Vocabulary(COUNTS))
    for correction in speller.correct(query):
        assert correction.word in query
        assert all(part in COUNTS for part in correction.replacement.split())


@given(
    st.sampled_from(sorted(w for w in COUNTS if len(w) >= 7)),
    st.integers(0, 20),
    st.sampled_from(string.ascii_lowercase),
)
def test_one_wrong_letter_of_a_long_word_keeps_it_among_the_candidates(word: str, place: int, letter: str) -> None:
    place %= len(word)
    typed = word[:place] + letter + word[place + 1 :]
    assert word in [candidate for candidate, _ in Vocabulary(COUNTS).near(typed, 2.2)]


@given(st.text(alphabet=string.ascii_lowercase, min_size=3, max_size=24))
def test_a_word_is_at_distance_nought_of_itself(word: str) -> None:
    assert Vocabulary({word: 3}).near(word, 1.0)[0] == (word, 0.0)


def test_compounds_are_found_by_either_end() -> None:
    vocabulary = Vocabulary({"druckerwarteschlange": 3, "netzwerkdrucker": 2, "drucker": 9})
    assert vocabulary.compounds_of("drucker") == ["druckerwarteschlange", "netzwerkdrucker"]


def test_an_empty_vocabulary_corrects_nothing() -> None:
    assert Speller(Vocabulary({})).correct(["pasword"]) == []
