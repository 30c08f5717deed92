import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.tuning.masking import LONGEST, masked


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("mail for anna.b@example.org bounces", "mail for [e-mail] bounces"),
        ("call me at +49 (0)89 1234-5678", "call me at [number]"),
        ("room phone 0891234567 dead", "room phone [number] dead"),
        ("printer at 192.168.17.20", "printer at [number]"),
        ("DE89 3704 0044 0532 0130 00 refused", "[number] refused"),
        ("my password is Hunter2 and it fails", "my password is [password] and it fails"),
        ("Kennwort: geheim99", "Kennwort: [password]"),
        ("login with Sommer2024! fails", "login with [password] fails"),
        ("key aB3dE5gH7jK9mN1p rejected", "key [password] rejected"),
        ("https://intra.example/page?session=abc123", "https://intra.example/page"),
    ],
)
def test_what_tells_of_a_person_is_taken_out(typed: str, kept: str) -> None:
    assert masked(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "error 0x80070005 after KB5034441",
        "AADSTS50126 invalid username or password",
        "how do I reset my password?",
        "error 1603 in Office 2016",
        "E-1742",
        r"C:\Users\Public\App1!",
        "Windows 11 23H2",
        "Wi-Fi Passwort vergessen",
        "TLS 1.2 and 1.3",
        "DNS_PROBE_FINISHED_NXDOMAIN",
    ],
)
def test_what_gaps_are_found_by_stays(typed: str) -> None:
    assert masked(typed) == typed


@given(st.text(max_size=600))
def test_any_text_is_masked_and_short(typed: str) -> None:
    kept = masked(typed)
    assert len(kept) <= LONGEST
    assert masked(kept)[: len(kept)] is not None


@given(st.emails())
def test_no_address_stays(address: str) -> None:
    assert address not in masked(f"mail to {address} bounces")
