"""What people get for what they type, on a small corpus."""

import html.parser
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.search.document import Filters, Hit, Mode, Results, Sort, Why
from knowledge.search.embedded import EmbeddedEngine
from knowledge.search.index import SearchIndex
from knowledge.search.keyword_engines import keyword_engine
from knowledge.search.parse import parse
from knowledge.search.ranking import ask_both
from knowledge.search.understand import understand
from tests.knowledge.search.corpus import CORPUS, document

Make = Callable[..., SearchIndex]


def ids(results: Results) -> list[int]:
    return [hit.document_id for hit in results.hits]


def first(results: Results) -> Hit:
    return results.hits[0]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("I forgot the secret word for my account, how do I get a new one?", 1),
        ("cannot reach work systems from my flat", 2),
        ("0x80040305", 2),
        ("Set-Mailbox ProhibitSendQuota", 5),
        ("prnter ofline", 3),
        ("shared calender", 4),
        ("power shell modules", 8),
        ("Passwort vergessen wie zurücksetzen", 6),
        ("passwort zuruecksetzen", 6),
        ("Drucker Warteschlange angehalten", 7),
        ("mic not heard by the others", 11),
        ("new laptop", 9),
    ],
)
def test_the_right_answer_comes_first(corpus_index: SearchIndex, query: str, number: int) -> None:
    assert ids(corpus_index.search(query))[:1] == [number]


@pytest.mark.parametrize("mode", list(Mode))
def test_each_half_answers_alone(corpus_index: SearchIndex, mode: Mode) -> None:
    results = corpus_index.search("reset password", mode=mode)
    assert ids(results)[0] == 1
    assert results.degraded is None


def test_a_misspelled_query_says_what_was_searched_and_has_a_way_back(corpus_index: SearchIndex) -> None:
    mended = corpus_index.search("prnter shows offline")
    assert mended.corrected == "printer shows offline"
    assert corpus_index.search("prnter shows offline", correct=False).corrected is None


def test_protected_names_are_not_corrected(corpus_index: SearchIndex, make_index: Make) -> None:
    assert corpus_index.search("prunter").corrected == "printer"
    index = make_index(protected=["Prunter"])
    index.add(CORPUS)
    assert index.search("prunter").corrected is None


def test_an_error_code_is_never_corrected(corpus_index: SearchIndex) -> None:
    results = corpus_index.search("0x80040306")
    assert results.corrected is None
    assert results.did_you_mean is None


def test_a_quoted_phrase_puts_its_document_first(make_index: Make) -> None:
    index = make_index()
    index.add(
        [
            document(1, "Printer settings", "Paper jam settings of the printer. " * 6),
            document(2, "Notes", "The jam paper tray."),
        ]
    )
    assert ids(index.search("printer settings jam paper"))[0] == 1
    assert ids(index.search('printer settings "jam paper"'))[0] == 2


def test_a_hit_quotes_its_best_passage_and_links_to_it(corpus_index: SearchIndex) -> None:
    hit = first(corpus_index.search("enter the code sent to my phone to reset password"))
    assert hit.quote is not None
    assert hit.quote.anchor == "steps"
    assert hit.quote.heading == "Steps"
    assert "<mark>code</mark>" in hit.quote.html
    assert hit.title_html == "<mark>Reset</mark> your <mark>password</mark>"
    assert {"code", "phone", "password"} <= set(hit.matched)
    assert hit.why is Why.BOTH


def test_a_hit_found_by_meaning_says_so(corpus_index: SearchIndex) -> None:
    hit = first(corpus_index.search("they cannot hear my voice"))
    assert hit.document_id == 11
    assert hit.why is Why.MEANING


def test_marks_never_let_markup_through(make_index: Make) -> None:
    index = make_index()
    index.add([document(1, "<script>alert(1)</script> printer", 'Use `<b onclick=x>` & the *printer* "menu".')])
    hit = first(index.search("printer script"))
    assert hit.quote is not None
    for text in (hit.title_html, hit.quote.html):
        tags = re.findall(r"<[^>]*>", text)
        assert set(tags) <= {"<mark>", "</mark>"}


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)


@given(query=st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_no_text_breaks_search(corpus_index: SearchIndex, query: str) -> None:
    results = corpus_index.search(query)
    assert len(results.hits) <= results.total
    assert all(0 <= hit.score <= 1 for hit in results.hits)
    parser = _Tags()
    parser.feed("".join(hit.title_html + (hit.quote.html if hit.quote else "") for hit in results.hits))
    assert parser.seen <= {"mark"}
    corpus_index.suggest(query)


@pytest.mark.parametrize(
    "query",
    ["", "a", "?", "\x00", "\ud83d", "\u200b\u202e", "\x1f", "the of and", "der die das und", "AND OR NOT", "🖨️", "طابعة",
     "x" * 10_000, "x " * 5_000, '"' * 500, "*" * 500, "?" * 500, "(" * 500, "%" * 500, "' OR 1=1; DROP TABLE x --", "%_%",
     "[a TO z]", "*:*", "\\"],
)  # fmt: skip
def test_what_says_nothing_finds_no_word_and_breaks_nothing(corpus_index: SearchIndex, query: str) -> None:
    results = corpus_index.search(query, mode=Mode.KEYWORD)
    assert results.query == query
    assert results.total == 0
    assert results.degraded is None
    assert corpus_index.search(query).query == query
    corpus_index.suggest(query)
    assert ids(corpus_index.search("printer shows offline"))[0] == 3


@pytest.mark.parametrize(
    "query",
    ['"printer offline', 'printer" offline', "“printer offline", "🖨️ printer offline 🎉", "\u202eprinter offline", "طابعة printer offline",
     "+printer -offline", "title:printer AND offline", "printer~2 offline^99", "printer* off?line offline", "(printer (offline",
     "printer & !offline <->", "printer\x1f1 offline", "printer\x00offline", "printer'; DROP TABLE x; -- offline",
     "the printer of the offline " * 400],
)  # fmt: skip
def test_words_are_found_among_marks_that_mean_something_elsewhere(corpus_index: SearchIndex, query: str) -> None:
    results = corpus_index.search(query)
    assert ids(results)[0] == 3
    assert results.degraded is None


QUERIES = (
    "printer",
    "reset my password with the code",
    "0x80040305",
    "Set-Mailbox ProhibitSendQuota",
    "settings screen",
)


@pytest.mark.parametrize("query", QUERIES)
def test_words_score_the_same_on_every_engine(corpus_index: SearchIndex, tmp_path: Path, query: str) -> None:
    """What weighs words against meaning was learned once, and holds for every engine only if a score says the same."""
    reference = SearchIndex(EmbeddedEngine(tmp_path / "reference", keyword_engine("whoosh")))
    reference.rebuild(CORPUS)
    one, other = (keyword_scores(index, query) for index in (reference, corpus_index))
    assert one.any()
    np.testing.assert_allclose(other, one, rtol=1e-5)


def keyword_scores(index: SearchIndex, query: str) -> NDArray[np.float32]:
    """The score by words of each document of the corpus, in the order of their ids."""
    view = index.view(())
    understood = understand(
        parse(query), vocabulary=view.vocabulary, speller=None, languages=view.languages, synonyms={}
    )
    half = ask_both(view, understood, None, {}, mode=Mode.KEYWORD)
    rows = [view.snapshot.row_of[document.id] for document in CORPUS]
    scores: NDArray[np.float32] = half.words[rows]
    return scores


def test_nonsense_finds_nothing(corpus_index: SearchIndex) -> None:
    results = corpus_index.search("qwxzv blorptang zzkkq")
    assert results.total == 0
    assert results.hits == ()
    assert not any(results.facets.values())


def test_filters_narrow_and_facets_count_what_else_there_is(corpus_index: SearchIndex) -> None:
    free = corpus_index.search("printer Drucker")
    assert set(ids(free)) >= {3, 7}
    german = corpus_index.search("printer Drucker", filters=Filters(languages=frozenset({"de"})))
    assert 7 in ids(german)
    assert 3 not in ids(german)
    assert german.facets["language"] == free.facets["language"]
    assert german.total == german.facets["language"]["de"]
    since = Filters(updated_since=datetime(2026, 1, 5, tzinfo=UTC))
    assert 3 not in ids(corpus_index.search("printer Drucker", filters=since))
    mail = corpus_index.search("calendar mail", filters=Filters(services=frozenset({"Calendar"})))
    assert ids(mail) == [4]


def test_results_page_without_gaps(corpus_index: SearchIndex) -> None:
    whole = corpus_index.search("settings of the printer, the screen and the microphone", limit=50)
    pages = [corpus_index.search(whole.query, limit=2, offset=n) for n in range(0, whole.total, 2)]
    assert [number for page in pages for number in ids(page)] == ids(whole)
    assert len(ids(whole)) == whole.total == len(set(ids(whole)))


def test_results_sort_by_date(corpus_index: SearchIndex) -> None:
    days = [hit.updated_at for hit in corpus_index.search("settings", sort=Sort.DATE).hits]
    assert len(days) > 1
    assert days == sorted(days, reverse=True)


def test_near_duplicates_are_shown_once(make_index: Make) -> None:
    body = " ".join(f"Step {n}: press the button number {n * 7} on the panel of the scanner." for n in range(30))
    index = make_index()
    index.add(
        [document(1, "Scanner", body), document(2, "Scanner", body + " Done."), document(3, "Fax", "The scanner.")]
    )
    results = index.search("scanner button panel")
    assert len(results.hits) == results.total
    folded = next(hit for hit in results.hits if hit.similar)
    assert {folded.document_id, *folded.similar} == {1, 2}


def test_promoted_documents_come_first_and_say_so(corpus_index: SearchIndex) -> None:
    results = corpus_index.search("printer offline", promoted=[10, 999])
    assert ids(results)[:2] == [10, 3]
    assert first(results).why is Why.PROMOTED


def test_synonyms_lead_to_what_else_a_thing_is_called(corpus_index: SearchIndex) -> None:
    results = corpus_index.search("beamer", synonyms={"beamer": ["meeting room screen"]})
    assert ids(results)[0] == 10


@pytest.mark.parametrize(
    ("typed", "number"), [("res", 1), ("your pass", 1), ("pasword res", 1), ("comp", 2), ("Zurück", 6)]
)
def test_titles_are_suggested_while_typing(corpus_index: SearchIndex, typed: str, number: int) -> None:
    assert number in [suggestion.document_id for suggestion in corpus_index.suggest(typed)]


def test_one_letter_suggests_nothing(corpus_index: SearchIndex) -> None:
    assert corpus_index.suggest("r") == ()
    assert corpus_index.suggest("") == ()


def test_an_empty_index_answers(make_index: Make) -> None:
    index = make_index()
    assert index.search("printer").total == 0
    assert index.suggest("printer") == ()
    assert index.state().documents == 0
