"""An HTML page as the Markdown file it would have been: its text, and what its head says as front matter."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from flask_babel import gettext
from markdownify import ATX, MarkdownConverter

from knowledge.importing.front_matter import FileRefused
from knowledge.importing.mapping import FIELDS
from knowledge.importing.reading import HTML_SUFFIXES

# Never meant to be read, or not without the page around it.
_DROPPED = (
    "style, template, noscript, object, embed, iframe, svg, canvas, form, button, input, select, textarea, dialog"
)
_SCRIPTS = "script"
# What surrounds a text that has no element of its own for the main thing.
_AROUND = "nav, header, footer, aside, [role=navigation], [role=banner], [role=contentinfo], [role=complementary]"
_KNOWN = {name for names in FIELDS.values() for name in names}
_LANGUAGE = re.compile(r"(?:language|lang|highlight-source|brush)[-:]\s*([\w+#.-]+)")
_HANDLERS = re.compile(r"on[a-z]+", re.IGNORECASE)
# Escaped though it begins no entity: "R\\&D".
_LONE_AMPERSAND = re.compile(r"\\&(?!#?\w+;)")
_GAPS = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class HtmlPage:
    """What a page says."""

    front: dict[str, Any]
    body: str
    notes: tuple[str, ...]


def read_html(content: bytes) -> HtmlPage:
    """Return the text of a page as Markdown, with what its head says under the names of front matter.

    Links to other pages of the folder lead to the Markdown files they become.

    Raises:
        FileRefused: it has no text, or is nested too deeply to be read.
    """
    soup = BeautifulSoup(content, "html.parser")
    try:
        notes = _without_scripts(soup)
        root = _main_part(soup)
        front = _front_matter(soup, root)
        for element in soup.select("head, title, meta"):
            element.decompose()
        for link in root.find_all("a", href=True):
            link["href"] = as_markdown_address(str(link["href"]))
        notes += _without_embedded_pictures(root)
        body = _GAPS.sub("\n\n", _Converter().convert_soup(root)).strip()
    except RecursionError:
        raise FileRefused(gettext("The page is nested too deeply to be read.")) from None
    if not body:
        raise FileRefused(gettext("The page has no text."))
    return HtmlPage(front, f"{body}\n", tuple(notes))


def as_markdown_address(address: str) -> str:
    """Return where a link to another HTML page of an import leads: to the Markdown file that it becomes."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or parts.path.startswith("/") or not parts.path.lower().endswith(HTML_SUFFIXES):
        return address
    stem = parts.path.rpartition(".")[0]
    return f"{stem}.md" + (f"#{parts.fragment}" if parts.fragment else "")


class _Converter(MarkdownConverter):  # type: ignore[misc,unused-ignore]
    """Markdown in the one form the portal writes."""

    def __init__(self) -> None:
        super().__init__(
            heading_style=ATX, bullets="-", code_language_callback=_code_language, escape_misc=True, wrap=False
        )

    def escape(self, text: str, parent_tags: set[str]) -> str:
        escaped: str = super().escape(text, parent_tags)  # type: ignore[misc,unused-ignore]
        return _LONE_AMPERSAND.sub("&", escaped)


def _code_language(element: Tag) -> str:
    """Return the language that a code block says, in one of the ways that are usual."""
    for tag in (element, *element.find_all("code", limit=1), *([element.parent] if element.parent else [])):
        if found := _LANGUAGE.search(" ".join(_classes(tag))):
            return found[1]
    return ""


def _classes(tag: Tag) -> list[str]:
    value: str | list[str] = tag.get("class") or []
    return [value] if isinstance(value, str) else list(value)


def _without_scripts(soup: BeautifulSoup) -> list[str]:
    found = bool(soup.select(_SCRIPTS))
    for element in soup.select(f"{_SCRIPTS}, {_DROPPED}"):
        element.decompose()
    for element in soup.find_all(True):
        found = any(_HANDLERS.fullmatch(name) for name in element.attrs) or found
        if str(element.get("href", "")).strip().lower().startswith(("javascript:", "data:", "vbscript:")):
            found = True
            element.unwrap()
    return [gettext("Scripts in the page were left out.")] if found else []


def _without_embedded_pictures(root: Tag) -> list[str]:
    embedded = [image for image in root.find_all("img") if str(image.get("src", "")).startswith("data:")]
    for image in embedded:
        image.decompose()
    return [gettext("Pictures inside the page were left out; put them beside it as files.")] if embedded else []


def _main_part(soup: BeautifulSoup) -> Tag:
    for selector in ("main", "[role=main]", "article"):
        found = soup.select(selector)
        if len(found) == 1:
            return found[0]
    root = soup.body or soup
    for element in root.select(_AROUND):
        element.decompose()
    return root


def _front_matter(soup: BeautifulSoup, root: Tag) -> dict[str, Any]:
    """Read title, language and the names of the head that mean something; the first heading is the title."""
    front: dict[str, Any] = {}
    for meta in soup.find_all("meta"):
        name = str(meta.get("name", "")).strip().lower()
        value: str = str(meta.get("content", "")).strip()
        if name in _KNOWN and value:
            front.setdefault(name, int(value) if name == "review_months" and value.isdigit() else value)
    language = str(soup.html.get("lang", "")).strip() if soup.html else ""
    if language:
        front.setdefault("language", language)
    heading = root.find("h1")
    if isinstance(heading, Tag) and (words := heading.get_text(" ", strip=True)):
        front.setdefault("title", words)
        heading.decompose()
    elif soup.title and (words := soup.title.get_text(" ", strip=True)):
        front.setdefault("title", words)
    return front
