"""Any Markdown becomes safe, valid HTML with one outline."""

import re

import html5lib
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.rendering.document import LARGEST_BODY, BodyRefused, Picture, bound, links_of, render


class Nowhere:
    def link(self, address: str) -> str | None:
        return address if address.startswith("https:") else None

    def picture(self, address: str) -> Picture | None:
        return Picture("/articles/1/files/2/x.png", 10, 20) if address == "x.png" else None


def html_of(markdown: str, *, title: str = "Title", language: str = "en") -> str:
    return bound(render(markdown, title=title, language=language), Nowhere())


def assert_valid(html: str) -> None:
    parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
    tree = parser.parse(f"<!doctype html><title>t</title><body><div>{html}</div>")
    assert not parser.errors, (parser.errors, html)
    ids = [node.get("id") for node in tree.iter() if node.get("id")]
    assert len(ids) == len(set(ids)), html
    assert not list(tree.iter("h1"))
    assert not list(tree.iter("script"))
    for node in tree.iter():
        assert not [name for name in node.attrib if name.startswith("on") or name == "style"], html


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("~~gone~~", "<s>gone</s>"),
        ("| a |\n|--:|\n| 1 |", '<td class="align-right">1</td>'),
        ("> [!NOTE]\n> Mind.", '<div class="admonition note"><p class="admonition-title">Note</p>'),
        ("> [!WARNING]\n>\n> Mind.", '<div class="admonition warning">'),
        ("::: tip Try this\nText\n:::", '<p class="admonition-title">Try this</p>'),
        ("- [x] done", 'checked="checked"'),
        ("See https://portico.example/a.", '<a href="https://portico.example/a">https://portico.example/a</a>.'),
        (
            "![A lamp](x.png)",
            '<img src="/articles/1/files/2/x.png" alt="A lamp" width="10" height="20" loading="lazy">',
        ),
        ("![A lamp](gone.png)", '<span class="missing-picture">A lamp</span>'),
        (
            ':::image type="content" source="gone.png" alt-text="A lamp":::',
            '<span class="missing-picture">A lamp</span>',
        ),
        ("One[^1]\n\n[^1]: Note", '<a href="#note_1" id="ref_1_0">1</a>'),
        ("```python\nx = 1\n```", '<span class="n">x</span>'),
        ("<details><summary>More</summary>\n\nText\n\n</details>", "<details><summary>More</summary>"),
    ],
)
def test_what_articles_are_made_of(app: Flask, markdown: str, expected: str) -> None:
    html = html_of(markdown)
    assert expected in html
    assert_valid(html)


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "<a href='jAvAsCrIpT:alert(1)'>x</a>",
        "<svg><script>alert(1)</script></svg>",
        '<div style="position:fixed">x</div>',
        '<form action="/articles/1/retire" method="post"><input name="a" value="b"><button>x</button></form>',
        "<iframe src=https://portico.example></iframe>",
        "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
        "![x](data:image/svg+xml;base64,AAAA)",
        "<base href='https://portico.example/'>",
        '<h2 id="main">x</h2>',
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    ],
)
def test_script_in_markdown_is_harmless(app: Flask, markdown: str) -> None:
    html = html_of(f"Before\n\n{markdown}\n\nAfter {markdown} it").lower()
    assert_valid(html)
    tags = " ".join(re.findall(r"<[^>]*>", html))
    for bad in (
        "<script",
        "onerror",
        "javascript:",
        "<iframe",
        "<form",
        "<button",
        "style",
        "<base",
        "data:",
        'id="main"',
    ):
        assert bad not in tags


def test_headings_begin_below_the_title_of_the_page_and_have_anchors_of_their_own(app: Flask) -> None:
    rendered = render("# Title\n\n## Cause\n\n### Über uns\n\n## Cause\n\n## Main\n", title="Title", language="en")
    assert [(entry["level"], entry["id"]) for entry in rendered.toc] == [
        (2, "cause"),
        (3, "uber-uns"),
        (2, "cause-2"),
        (2, "main_"),
    ]
    assert "<h1" not in rendered.html


def test_several_first_level_headings_move_down(app: Flask) -> None:
    html = html_of("# One\n\n## Two\n\n# Three")
    assert '<h2 id="one">' in html
    assert '<h3 id="two">' in html


def test_links_to_headings_follow_other_ways_of_writing_them(app: Flask) -> None:
    assert '<a href="#what-is-it">' in html_of("[x](#what-is-it-)\n\n## What is it?")


def test_links_are_listed_once(app: Flask) -> None:
    rendered = render("[a](b.md) [c](b.md) ![d](e.png) [f](#g)", title="T", language="en")
    assert links_of(rendered) == [("a", "b.md"), ("img", "e.png")]


def test_too_large_a_text_is_refused_with_a_sentence(app: Flask) -> None:
    with pytest.raises(BodyRefused, match="Split it into several articles"):
        render("x" * (LARGEST_BODY + 1), title="T", language="en")


@pytest.mark.parametrize(
    "markdown",
    ["[" * 20_000, "> " * 5_000 + "x", "*" * 20_000, "`" * 20_001, "- " * 3_000, "<" * 20_000, "![" * 10_000],
)
def test_hostile_nesting_ends_in_time(app: Flask, markdown: str) -> None:
    assert_valid(html_of(markdown))


# Without <summary>: html5lib does not know that it closes like a block, so it would find faults browsers do not.
PIECES = st.sampled_from(
    ["# ", "## ", "> ", "- ", "1. ", "\n", "\n\n", "*", "**", "`", "```\n", "| a | b |\n|---|---|\n", "[x](", ")", "<b>", "</b>", "<div>", "</div>",
     "<p>", "<table>", "<td>", "<li>", "</ul>", "<a href='#x'>", "[^1]", "[^1]: n\n", ":::", "::: note\n", "> [!TIP]\n", "- [ ] ", "text ", "ä", "&amp;",
     "&", "<h1>", "<!-- c -->", "<img>", "![a](x.png)", "<input>", "<details>", "\x00", "<object><p>", "</p>", "<h2 id=x>"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, max_size=25).map("".join))
def test_whatever_markdown_comes_the_page_is_valid(app: Flask, markdown: str) -> None:
    assert_valid(html_of(markdown))


def test_code_names_its_language_for_those_who_hear_the_page() -> None:
    text = '```azurepowershell\nGet-Mailbox\n```\n\n```nothing-known\nx\n```\n\n<div data-language="<b>&quot;">x</div>'
    shown = render(text, title="t", language="en").html
    assert shown.count("data-language") == 1
    assert '<div class="highlight" data-language="PowerShell">' in shown or (
        '<div data-language="PowerShell" class="highlight">' in shown
    )
