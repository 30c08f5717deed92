import re

import pytest

from portal.design.theme import accent_css, contrast, is_colour


@pytest.mark.parametrize("accent", ["0b6376", "e4002b", "ffcc00", "000000", "ffffff", "808080", "00ff00", "#1D5BB8"])
def test_any_accent_is_readable_in_both_themes(accent: str) -> None:
    pairs = dict(re.findall(r"--([a-z-]+):light-dark\((#[0-9a-f]{6},#[0-9a-f]{6})\)", accent_css(accent)))
    light, dark = pairs["accent"].split(",")
    on_light, on_dark = pairs["on-accent"].split(",")
    assert contrast(light, "#f3f1ec") >= 4.5
    assert contrast(dark, "#292723") >= 4.5
    assert contrast(on_light, light) >= 4.5
    assert contrast(on_dark, dark) >= 4.5


def test_contrast_of_black_and_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize(
    ("text", "accepted"), [("#0b6376", True), ("0B6376", True), ("red", False), ("0b6376}body{", False), ("", False)]
)
def test_only_hexadecimal_colours_are_taken(text: str, accepted: bool) -> None:
    assert is_colour(text) is accepted
