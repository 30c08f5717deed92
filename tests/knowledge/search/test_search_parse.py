import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.parse import LONGEST_QUERY, clean, parse
from knowledge.search.words import fold, is_identifier, replace_words, stem, terms, words


@given(st.text(max_size=3000))
def test_any_text_parses(text: str) -> None:
    parsed = parse(text)
    assert len(parsed.text) <= LONGEST_QUERY
    assert 0 <= parsed.shape.sentence <= 1
    assert 0 <= parsed.shape.code <= 1
    assert parse(parsed.text).words == parsed.words


@given(st.text(max_size=300))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "text", ["", " ", "\x00\x01", "\u200b\u200f", "***", "AND ~ + - ( ) ^", '"', "???", "🎉🎉", "\ud800", "' OR 1=1 --"]
)
def test_odd_texts_parse(text: str) -> None:
    parse(text)


def test_operators_are_only_punctuation() -> None:
    assert parse("title:(vpn* OR ~mail)^4 \\").words == ("title", "vpn", "or", "mail", "4")


@pytest.mark.parametrize("text", ["a" * 10_000, '"' * 10_000, "a-" * 5_000, "* " * 5_000, "\\" * 10_000, "a.b@" * 3000])
def test_long_texts_take_no_time(text: str) -> None:
    started = time.perf_counter()
    parse(text)
    assert time.perf_counter() - started < 0.2


def test_quoted_phrases_are_found_in_any_kind_of_quotes() -> None:
    assert parse('say "not enough memory" now').phrases == (("not", "enough", "memory"),)
    assert parse("„Passwort vergessen“").phrases == (("passwort", "vergessen"),)


def test_unbalanced_quotes_are_text() -> None:
    parsed = parse('mailbox "is full')
    assert parsed.phrases == ()
    assert parsed.words == ("mailbox", "is", "full")


@pytest.mark.parametrize(
    "token",
    [
        "0x80040305",
        "8004786C",
        "MS12-060",
        "Set-Mailbox",
        "Get-ExchangeCertificate",
        "mscomctl.ocx",
        "C:\\Temp\\log.txt",
        "login.microsoftonline.com/login.srf",
        "AllowConsecutiveSlashesInUrlPathComponent",
        "$env:HTTPS_PROXY",
        "10.0.0.138",
        "user@example.org",
        "_vlmcs",
    ],
)
def test_identifiers_are_recognised(token: str) -> None:
    assert is_identifier(token)


@pytest.mark.parametrize(
    "token", ["mailbox", "Outlook", "sign-in", "Sign-In", "2013", "e.g", "32-bit", "-", "VPN", "9:30"]
)
def test_plain_words_are_no_identifiers(token: str) -> None:
    assert not is_identifier(token)


def test_identifiers_stay_whole_and_are_never_open_to_correction() -> None:
    parsed = parse("Set-Mailbox fails with 0x80040305")
    assert parsed.identifiers == ("set-mailbox", "0x80040305")
    assert {"set", "mailbox", "0x80040305"} <= parsed.fixed_words


@pytest.mark.parametrize(
    ("text", "language"),
    [("wie kann ich das Passwort ändern", "de"), ("how do I change the password", "en"), ("vpn 0x8004", None)],
)
def test_language_is_guessed_from_stop_words(text: str, language: str | None) -> None:
    assert parse(text).language == language


def test_shape_tells_sentences_codes_and_keywords_apart() -> None:
    sentence = parse("How do I get my mailbox back when it was deleted by the admin?").shape
    code = parse("Set-Mailbox 0x80040305").shape
    keywords = parse("mailbox restore").shape
    assert sentence.sentence > 0.9 > keywords.sentence
    assert code.code == 1.0
    assert keywords.sentence == keywords.code == 0.0


def test_accents_case_and_apostrophes_fold() -> None:
    assert fold("Zurücksetzen ß ÉCOLE") == "zurucksetzen ss ecole"
    assert words("don’t can't") == ["dont", "cant"]


def test_word_forms_meet_in_both_languages() -> None:
    assert stem("printers", "en") == stem("printer", "en")
    assert stem("drucker", "de") == stem("druckern", "de")
    assert stem("loeschen", "de") == stem(fold("löschen"), "de")


def test_stop_words_are_no_terms() -> None:
    assert terms("the printer is off", "en") == [stem("printer", "en")]


@given(st.text(max_size=200))
def test_replacing_nothing_only_drops_apostrophes(text: str) -> None:
    assert words(replace_words(text, {})) == words(text)
