import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.parse import parse
from knowledge.search.spelling import Speller, Vocabulary
from knowledge.search.understand import understand

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


GERMAN = {
    "drucker": 3, "drucken": 2, "papierstau": 2, "passwort": 4, "vergessen": 2, "bildschirm": 2, "geben": 2,
    "calendar": 2, "computer": 2,
}  # fmt: skip
ENGLISH_AT_LARGE = frozenset({"full", "calendar", "computer"})


@pytest.fixture
def of_two_languages() -> Speller:
    by_language = {"en": Vocabulary(COUNTS), "de": Vocabulary(GERMAN, 20)}
    return Speller(Vocabulary(GERMAN | COUNTS), accepted=ENGLISH_AT_LARGE, by_language=by_language.__getitem__)


@pytest.mark.parametrize(
    ("query", "language", "meant"),
    [
        # A German word is mended to a German one, an English word to an English one.
        ("passwrot vergesen", "de", {"passwrot": "passwort", "vergesen": "vergessen"}),
        ("my pasword", "en", {"pasword": "password"}),
        # Another form of a word in use is no slip, and neither is a word that means nothing here.
        ("druckt drucke bildschirme", "de", {}),
        ("der kalender des rechners", "de", {}),
        ("wie gebe ich meinen kalender frei", "de", {}),
        # What German took from English is mended as everything else.
        ("mein compuer", "de", {"compuer": "computer"}),
        # Without a stop word the letters tell; one usual slip of a word in use is likelier all the same.
        ("bilschirm schwarz", None, {"bilschirm": "bildschirm"}),
        ("kalender vergessen", None, {}),
        ("calender", None, {"calender": "calendar"}),
        ("printwr full", None, {"printwr": "printer"}),
    ],
)
def test_words_are_mended_within_their_language(
    of_two_languages: Speller, query: str, language: str | None, meant: dict[str, str]
) -> None:
    found = of_two_languages.correct(query.split(), language)
    assert {c.word: c.replacement for c in found if not c.related} == meant


def test_the_relation_of_a_german_word_is_asked_for_and_not_read_in_its_place(of_two_languages: Speller) -> None:
    found = of_two_languages.correct(["kalender", "frei"], "de")
    assert [(c.word, c.replacement, c.sure, c.related) for c in found] == [("kalender", "calendar", False, True)]
    understood = understand(
        parse("Wie gebe ich meinen Kalender frei?"),
        vocabulary=Vocabulary(GERMAN | COUNTS),
        speller=of_two_languages,
        languages=["de", "en"],
        synonyms={},
    )
    assert (understood.corrected, understood.did_you_mean) == (None, None)
    assert {"kalender", "calendar"} <= {term.word for term in understood.terms.terms}
    assert understood.meaning == "Wie gebe ich meinen Kalender frei? (calendar)"


def test_where_no_document_is_german_a_german_query_is_left_as_it_is() -> None:
    english = Vocabulary(COUNTS | {"trucker": 9, "truck": 9, "night": 9})
    speller = Speller(english, by_language=lambda language: english if language == "en" else Vocabulary({}))
    assert speller.correct(["drucker", "druckt", "nicht"], "de") == []
    assert speller.correct(["drucker", "druckt"]) == []


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
