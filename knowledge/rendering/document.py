"""One article from Markdown to HTML: parse, outline, sanitise; then put real addresses on its links and pictures."""

import html
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from flask_babel import gettext
from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.rendering.headings import outline
from knowledge.rendering.parser import make_parser
from knowledge.rendering.sanitise import sanitised
from portal.core.errors import Refused

LARGEST_BODY = 1024 * 1024
_ELEMENT = re.compile(r'<(a|img|input)((?: [a-z-]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_DONE = {"en": ("Done", "To do"), "de": ("Erledigt", "Offen")}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


class BodyRefused(Refused):
    """A text is too large or cannot be shown."""


@dataclass(frozen=True)
class Picture:
    """Where a picture is served, and its size in pixels when known."""

    url: str
    width: int | None = None
    height: int | None = None


class Addresses(Protocol):
    """Says where the links and pictures of one article lead."""

    def link(self, address: str) -> str | None:
        """The address to go to, None when it leads nowhere."""

    def picture(self, address: str) -> Picture | None:
        """The picture to show, None when there is none."""


@dataclass(frozen=True)
class Rendered:
    """A text as HTML whose links and pictures still carry the addresses written in the Markdown."""

    html: str
    toc: list[dict[str, Any]]
    language: str
    ids: frozenset[str] = field(default_factory=frozenset)


def refuse_too_large(markdown: str) -> None:
    """Raise ``BodyRefused`` for a text that is larger than ``LARGEST_BODY`` bytes."""
    if len(markdown) > LARGEST_BODY or len(markdown.encode("utf-8", "replace")) > LARGEST_BODY:
        raise BodyRefused(
            gettext("The text is larger than %(limit)d kB. Split it into several articles.", limit=LARGEST_BODY // 1024)
        )


def render(markdown: str, *, title: str, language: str) -> Rendered:
    """Render an article's text. Costs some milliseconds; needs no database.

    Raises:
        BodyRefused: the text is larger than ``LARGEST_BODY`` bytes or too deeply nested to be shown.
    """
    refuse_too_large(markdown)
    mark = f"{secrets.token_hex(8)}-"
    env: dict[str, Any] = {"language": language, "mark": mark}
    parser = _parser()
    try:
        tokens = parser.parse(_CONTROL.sub("�", markdown), env)
        tokens, toc = outline(tokens, title=title, language=language, mark=mark)
        _align_cells(tokens)
        raw = parser.renderer.render(tokens, parser.options, env)
    except RecursionError:
        raise BodyRefused(
            gettext("The text is nested too deeply. Use fewer quotes or lists inside each other.")
        ) from None
    clean = sanitised(raw, mark=mark, has_raw_html=_has_raw_html(tokens))
    return Rendered(clean, toc, language, frozenset(re.findall(r' id="([^"]*)"', clean)))


def links_of(rendered: Rendered) -> list[tuple[str, str]]:
    """Return the addresses in the text with the kind of element, ``a`` or ``img``, in order and without repetition."""
    found: dict[tuple[str, str], None] = {}
    for element in _ELEMENT.finditer(rendered.html):
        given = _attributes(element[2])
        address = given.get("href" if element[1] == "a" else "src")
        if address and not address.startswith("#"):
            found[element[1], address] = None
    return list(found)


def bound(rendered: Rendered, addresses: Addresses) -> str:
    """Return the HTML for the page: links lead to their targets, pictures are there or replaced by their text."""

    def replace(element: re.Match[str]) -> str:
        return _BOUND[element[1]](_attributes(element[2]), rendered, addresses)

    return _ELEMENT.sub(replace, rendered.html)


def _link(given: dict[str, str], rendered: Rendered, addresses: Addresses) -> str:
    address = given.pop("href", "")
    if address.startswith("#"):
        target: str | None = _own_anchor(address, rendered)
    else:
        target = addresses.link(address) if address else None
    return _element("a", ({"href": target} if target else {}) | given)


def _image(given: dict[str, str], rendered: Rendered, addresses: Addresses) -> str:
    alt = given.get("alt", "").strip()
    picture = addresses.picture(given.get("src", ""))
    if picture is None:
        return f'<span class="missing-picture">{html.escape(alt)}</span>' if alt else ""
    size = {"width": str(picture.width), "height": str(picture.height)} if picture.width and picture.height else {}
    return _element("img", {**given, "src": picture.url, "alt": alt, **size, "loading": "lazy"})


def _checkbox(given: dict[str, str], rendered: Rendered, addresses: Addresses) -> str:
    done, to_do = _DONE.get(rendered.language[:2], _DONE["en"])
    return _element("input", {**given, "aria-label": done if "checked" in given else to_do})


_BOUND: dict[str, Callable[[dict[str, str], Rendered, Addresses], str]] = {
    "a": _link,
    "img": _image,
    "input": _checkbox,
}


def _own_anchor(address: str, rendered: Rendered) -> str:
    # Read late: the search half brings its own libraries.
    from knowledge.search.passages import slugify_heading

    name = address[1:]
    if name in rendered.ids:
        return address
    slug = slugify_heading(name)
    return f"#{slug}" if slug in rendered.ids else address


def _element(tag: str, attributes: dict[str, str]) -> str:
    return f"<{tag}" + "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items()) + ">"


def _attributes(text: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(text)}


def _align_cells(tokens: list[Token]) -> None:
    """Say the alignment of a column with a class: the page allows no inline style."""
    for token in tokens:
        if token.type in ("th_open", "td_open") and "style" in token.attrs:
            token.attrs["class"] = "align-" + str(token.attrs.pop("style")).removeprefix("text-align:")


def _has_raw_html(tokens: list[Token]) -> bool:
    return any(
        token.type == "html_block" or any(child.type == "html_inline" for child in token.children or ())
        for token in tokens
    )


@cache
def _parser() -> MarkdownIt:
    return make_parser()
