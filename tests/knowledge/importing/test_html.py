"""HTML pages become articles as the Markdown files they would have been."""

import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image

from knowledge.enums import ArticleType
from knowledge.exporting.markdown import export_markdown
from knowledge.importing.front_matter import FileRefused
from knowledge.importing.html_page import as_markdown_address, read_html
from knowledge.importing.services import ImportOptions, import_folder
from knowledge.models import Article, ArticleVersion
from knowledge.rendering.document import render
from portal.core.db import db
from tests.knowledge.exporting.test_markdown import contents, forget_everything
from tests.knowledge.importing.test_import import article_called, outcomes, write

PUBLIC = ImportOptions(audience=("public",))
PAGE = """<!DOCTYPE html><html lang="de-DE"><head><title>VPN – Our handbook</title>
<meta name="description" content="What to do"><meta name="keywords" content="vpn, network"><meta name="generator" content="x">
<meta name="ms.topic" content="troubleshooting"><script>track()</script><style>p {}</style></head>
<body><header>Handbook</header><nav><a href="/">Start</a></nav><main><h1>VPN drops</h1>
<p onclick="steal()">Check the <a href="../mail/setup.html#steps">mail</a>, the <a href="https://example.com/a.html">web</a>
and <a href="javascript:alert(1)">this</a>.</p>
<h2>Ports</h2><table><thead><tr><th>Port</th><th>For</th></tr></thead><tbody><tr><td>443</td><td>all * of it</td></tr></tbody></table>
<pre><code class="language-powershell">Get-Service | Out-Null</code></pre>
<ol><li>One</li><li>Two<ul><li>Deeper</li></ul></li></ol>
<p><img src="pics/lamp.png" alt="A lamp"><img src="data:image/png;base64,AAAA" alt="inline"></p></main>
<footer>© Us</footer></body></html>"""


def html_of(title: str) -> str:
    query = sa.select(ArticleVersion).where(ArticleVersion.title == title).order_by(ArticleVersion.number.desc())
    version = db.session.scalars(query.options(sa.orm.undefer(ArticleVersion.body_html))).first()
    assert version
    return version.body_html


def test_the_head_becomes_fields_and_the_main_part_the_text() -> None:
    page = read_html(PAGE.encode())
    assert page.front == {
        "title": "VPN drops", "description": "What to do", "keywords": "vpn, network", "ms.topic": "troubleshooting",
        "language": "de-DE",
    }  # fmt: skip
    for gone in ("VPN drops", "Handbook", "Start", "© Us", "track", "steal", "javascript", "data:"):
        assert gone not in page.body
    assert "[mail](../mail/setup.md#steps)" in page.body
    assert "[web](https://example.com/a.html)" in page.body
    assert "```powershell\nGet-Service | Out-Null\n```" in page.body
    assert "| Port | For |" in page.body
    html = render(page.body, title="x", language="en").html
    for there in ("<h2", "<td>all * of it</td>", "<ol>", "Deeper", 'alt="A lamp"'):
        assert there in html
    assert len(page.notes) == 2


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("a.html", "a.md"),
        ("../b/C.HTM#x", "../b/C.md#x"),
        ("#x", "#x"),
        ("https://example.com/a.html", "https://example.com/a.html"),
        ("/a.html", "/a.html"),
        ("a.pdf", "a.pdf"),
        ("mailto:a@example.com", "mailto:a@example.com"),
    ],
)
def test_links_to_pages_lead_to_what_they_become(address: str, expected: str) -> None:
    assert as_markdown_address(address) == expected


def test_a_page_without_a_main_part_loses_what_surrounds_its_text() -> None:
    page = read_html(b"<title>Only &amp; here</title><nav>Menu</nav><p>Text</p><footer>Foot</footer>")
    assert page.front == {"title": "Only & here"}
    assert page.body == "Text\n"


def test_pages_of_other_encodings_are_read() -> None:
    page = read_html('<meta charset="iso-8859-1"><h1>Gr\xfc\xdfe</h1><p>\xe4\xf6\xfc</p>'.encode("latin-1"))
    assert page.front["title"] == "Grüße"
    assert page.body == "äöü\n"


@pytest.mark.parametrize("content", [b"", b"<html></html>", b"<script>alert(1)</script>", b"<div>" * 20_000 + b"x"])
def test_what_has_no_text_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(FileRefused, match=r"no text|nested too deeply"):
        read_html(content)


def test_a_folder_of_pages_with_pictures_and_links(app: Flask, tmp_path: Path) -> None:
    write(tmp_path, "in/network/vpn.html", PAGE)
    (tmp_path / "in/network/pics").mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "in/network/pics/lamp.png")
    write(tmp_path, "in/mail/setup.htm", "<title>Mail</title><h2>Steps</h2><a href='../network/vpn.html'>VPN</a>")
    write(tmp_path, "in/plain.md", "---\ntitle: Plain\n---\n[vpn](network/vpn.html)")
    report = import_folder(tmp_path / "in", PUBLIC)
    assert outcomes(report) == {"network/vpn.html": "created", "mail/setup.htm": "created", "plain.md": "created"}
    article = article_called("VPN drops")
    assert (article.type, article.language, article.summary) == (ArticleType.TROUBLESHOOTING, "de", "What to do")
    assert [tag.name for tag in article.tags] == ["network", "vpn"]
    html = html_of("VPN drops")
    assert "/files/" in html
    mail = article_called("Mail")
    assert f'href="/articles/{mail.id}/mail#steps"' in html
    for title in ("Mail", "Plain"):
        assert f"/articles/{article.id}/vpn-drops" in html_of(title)
    assert any("Scripts" in note for file in report.files for note in file.notes)
    assert "<script" not in html
    # Again, nothing changed; and one page changed.
    assert set(outcomes(import_folder(tmp_path / "in", PUBLIC)).values()) == {"unchanged"}
    write(tmp_path, "in/mail/setup.htm", "<title>Mail</title><h2>Steps</h2>New")
    assert outcomes(import_folder(tmp_path / "in", PUBLIC))["mail/setup.htm"] == "changed"


def test_an_export_of_pages_imports_back_without_a_difference(app: Flask, tmp_path: Path) -> None:
    write(tmp_path, "in/a.html", "<title>One</title><p>See <a href='b.html'>two</a> <img src='x.png' alt='x'></p>")
    Image.new("RGB", (9, 9)).save(tmp_path / "in/x.png")
    write(tmp_path, "in/b.html", "<title>Two</title><p>* no list\n\n--- no line</p><p>1. no number</p>")
    import_folder(tmp_path / "in", PUBLIC)
    before = contents()
    with (tmp_path / "all.zip").open("wb") as stream:
        export_markdown(stream, None)
    assert sorted(zipfile.ZipFile(tmp_path / "all.zip").namelist()) == ["in/a.md", "in/b.md", "in/x.png"]
    forget_everything()
    import_folder(tmp_path / "all.zip", PUBLIC)
    assert contents() == before
    assert "/two" in html_of("One")


def test_a_page_beside_a_markdown_file_of_its_name_is_refused(app: Flask, tmp_path: Path) -> None:
    write(tmp_path, "in/a.md", "---\ntitle: Kept\n---\nText")
    write(tmp_path, "in/a.html", "<p>Other</p>")
    write(tmp_path, "in/b.html", "<p>Two</p>")
    write(tmp_path, "in/b.htm", "<p>Three</p>")
    report = import_folder(tmp_path / "in", PUBLIC)
    assert outcomes(report) == {"a.md": "created", "a.html": "refused", "b.html": "created", "b.htm": "refused"}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Article)) == 2
