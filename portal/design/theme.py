"""From the organisation's one colour to the three accent tokens, readable in both themes.

Contrast is that of WCAG 2.2 (relative luminance of sRGB). The colour keeps its hue: it is only
darkened for the light theme, or lightened for the dark one, until text in it can be read.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable
from dataclasses import dataclass

Rgb = tuple[float, float, float]

# What accent text stands on: a row under the pointer, and a tint of the accent itself (the share of it in tokens.css).
LIGHT_GROUND, LIGHT_BASE, LIGHT_SHARE = "#f3f1ec", "#ffffff", 0.09
DARK_GROUND, DARK_BASE, DARK_SHARE = "#292723", "#171614", 0.16
WHITE, BLACK = "#ffffff", "#10100e"
TEXT_CONTRAST = 4.5
STEP, STEPS = 0.01, 100


def is_colour(text: str) -> bool:
    return re.fullmatch(r"#?[0-9a-fA-F]{6}", text) is not None


def contrast(first: str, second: str) -> float:
    """Ratio from 1 to 21 between two colours written as #rrggbb."""
    brighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def accent_css(accent: str) -> str:
    """A stylesheet of one rule that replaces the accent seeds of tokens.css."""
    seed = "#" + accent.lstrip("#").lower()
    light = _readable(seed, -STEP, LIGHT_GROUND, LIGHT_BASE, LIGHT_SHARE)
    dark = _readable(seed, STEP, DARK_GROUND, DARK_BASE, DARK_SHARE)
    pairs = {
        "accent": (light, dark),
        "accent-strong": (_moved(light, -0.08), _moved(dark, 0.08)),
        "on-accent": (_text_on(light), _text_on(dark)),
    }
    rules = "".join(f"--{name}:light-dark({on_light},{on_dark});" for name, (on_light, on_dark) in pairs.items())
    return f":root{{{rules}}}\n"


@dataclass(frozen=True)
class Accent:
    """The colour as one theme uses it, and its contrast with the ground that text in it stands on."""

    theme: str
    colour: str
    contrast: float
    is_adjusted: bool


def accents_of(accent: str) -> list[Accent]:
    """Return what the light and the dark theme make of an organisation's colour."""
    seed = "#" + accent.lstrip("#").lower()
    found = []
    for theme, step, ground, base, share in (
        ("light", -STEP, LIGHT_GROUND, LIGHT_BASE, LIGHT_SHARE),
        ("dark", STEP, DARK_GROUND, DARK_BASE, DARK_SHARE),
    ):
        used = _readable(seed, step, ground, base, share)
        worst = min(contrast(used, ground), contrast(used, _mixed(used, base, share)))
        found.append(Accent(theme, used, worst, used != seed))
    return found


def _text_on(ground: str) -> str:
    return max((WHITE, BLACK), key=lambda text: contrast(text, ground))


def _readable(colour: str, step: float, ground: str, base: str, share: float) -> str:
    for _ in range(STEPS):
        if min(contrast(colour, ground), contrast(colour, _mixed(colour, base, share))) >= TEXT_CONTRAST:
            break
        colour = _moved(colour, step)
    return colour


def _mixed(colour: str, base: str, share: float) -> str:
    return _hex(part * share + under * (1 - share) for part, under in zip(_rgb(colour), _rgb(base), strict=True))


def _moved(colour: str, by: float) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    return _hex(colorsys.hls_to_rgb(hue, min(1.0, max(0.0, lightness + by)), saturation))


def _hex(parts: Iterable[float]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
