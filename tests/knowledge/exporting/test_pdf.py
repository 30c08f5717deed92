"""Articles as PDF: one while the reader waits, a collection by the worker."""

import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image

from knowledge.enums import TransferState
from knowledge.errors import PdfFailed, PdfUnavailable, TooManyArticles
from knowledge.exporting.book import article_manuscript, collection_manuscript
from knowledge.exporting.press import Manuscript, folder, print_pdf
from knowledge.importing.services import ImportOptions, import_folder
from knowledge.models import Article, Transfer
from knowledge.queries import printing
from knowledge.queries.articles import find_published
from knowledge.services.articles import retire_article
from knowledge.services.printing import ask_collection
from knowledge.services.transfers import MOST_ATTEMPTS, folder_of
from knowledge.tasks import forget_transfers, print_article, run_transfer, take_up_transfers
from portal.core import clock
from portal.core.audit.models import AuditEvent
from portal.core.auth import Anonymous
from portal.core.db import db
from portal.core.jobs import queue_of, stopping
from portal.directory.api import User
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article, make_section
from tests.knowledge.importing.test_import import write

# Programs that stand for a press that cannot work; the real one runs in the other tests.
WITHOUT_LIBRARIES = (sys.executable, "-c", "import sys; sys.stdin.read(); sys.exit(3)")
BROKEN = (sys.executable, "-c", "import sys; sys.stdin.read(); print('out of memory'); sys.exit(1)")
ENDLESS = (sys.executable, "-c", "import time; time.sleep(600)")


def plain(path: Path) -> bytes:
    """Everything in a PDF, with its compressed parts unfolded."""
    content = path.read_bytes()
    parts = [content]
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
        try:
            parts.append(zlib.decompress(found[1]))
        except zlib.error:
            continue
    return b"\n".join(parts)


def pages(path: Path) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", plain(path)))


def manuscript_of(article: Article) -> Manuscript:
    found = find_published(article.id, Anonymous())
    assert found
    return article_manuscript(found.version, trail=["Network", "VPN"])


def collection(*articles: Article, **options: bool) -> Manuscript:
    found = printing.list_chapters(Anonymous(), [article.id for article in articles])
    return collection_manuscript(found, title="All of it", made_for="Ada", is_public=options.get("is_public", True))


@pytest.fixture
def owner(app: Flask) -> User:
    return make_user("knowledge_owner")


def test_one_article_as_pdf(client: CheckingClient) -> None:
    article = make_article(
        "VPN drops", body="## Cause\n\nText\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n```python\nx = 1\n```"
    )
    answer = client.get(f"/articles/{article.id}/article.pdf")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert "vpn-drops.pdf" in answer.headers["Content-Disposition"]
    (kept,) = folder().glob("*.pdf")
    content = plain(kept)
    assert b"VPN drops" in content or "VPN drops".encode("utf-16-be") in content
    assert b"pdfuaid" in content
    # The second reader gets what was kept.
    before = kept.stat().st_mtime_ns
    assert client.get(f"/articles/{article.id}/article.pdf").data == answer.data
    assert kept.stat().st_mtime_ns == before
    kept.unlink()


def test_a_pdf_is_for_those_who_may_read(client: CheckingClient) -> None:
    hidden = make_article("For auditors", audience=("role:auditor",))
    draft = make_article("Draft", published=False)
    gone = make_article("Gone")
    retire_article(gone, actor=None, reason="old")
    for article in (hidden, draft, gone):
        assert client.get(f"/articles/{article.id}/article.pdf").status_code == 404
    assert client.get("/articles/99999999/article.pdf").status_code == 404
    client.sign_in(make_user("auditor"))
    assert client.get(f"/articles/{hidden.id}/article.pdf").status_code == 200


def test_missing_libraries_are_named_and_nothing_else_fails(app: Flask, client: CheckingClient) -> None:
    article = make_article("Without libraries")
    app.extensions["portico_press"] = WITHOUT_LIBRARIES
    try:
        answer = client.get(f"/articles/{article.id}/article.pdf")
    finally:
        del app.extensions["portico_press"]
    assert answer.status_code == 503
    assert "apt-get install libpango-1.0-0" in answer.text
    assert client.get(f"/articles/{article.id}/without-libraries").status_code == 200


def test_what_takes_long_is_left_to_the_worker(app: Flask, client: CheckingClient) -> None:
    article = make_article("Long", body="word " * 40_000)
    path = f"/articles/{article.id}/article.pdf"
    waiting = client.get(path)
    assert waiting.status_code == 200
    assert 'hx-trigger="every 3s"' in waiting.text
    # Another reader does not make a second one.
    client.get(path)
    queued = [task for task in queue_of(app).pending() if task.name == print_article.name]
    assert len(queued) == 1
    print_article(queued[0].args[0])
    ready = client.htmx(path)
    assert "hx-trigger" not in ready.text
    assert "<h1" not in ready.text
    assert path in ready.text
    assert client.get(path).mimetype == "application/pdf"


def test_a_failure_in_the_worker_is_told_to_the_reader(app: Flask, client: CheckingClient) -> None:
    article = make_article("Long and broken", body="other " * 40_000)
    path = f"/articles/{article.id}/article.pdf"
    client.get(path)
    (task,) = [task for task in queue_of(app).pending() if task.name == print_article.name]
    app.extensions["portico_press"] = BROKEN
    try:
        print_article(task.args[0])
    finally:
        del app.extensions["portico_press"]
    answer = client.get(path)
    assert answer.status_code == 503
    assert "could not be made" in answer.text


def test_the_press_leaves_nothing_half_written(app: Flask, tmp_path: Path) -> None:
    for program, error, seconds in (
        (WITHOUT_LIBRARIES, PdfUnavailable, 60),
        (BROKEN, PdfFailed, 60),
        (ENDLESS, PdfFailed, 0.2),
    ):
        with pytest.raises(error):
            print_pdf(Manuscript("<p>Text</p>"), tmp_path / "a.pdf", seconds=seconds, program=program)
        assert list(tmp_path.iterdir()) == []


def test_only_pictures_that_were_named_are_read(app: Flask, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    Image.new("RGB", (300, 300), "red").save(secret)
    for address in (secret.as_uri(), str(secret), "http://127.0.0.1:9/x.png", "https://portal.invalid/other.png"):
        made = print_pdf(
            Manuscript(f'<html lang="en"><title>x</title><img src="{address}" alt="x">'), tmp_path / "a.pdf", seconds=60
        )
        assert b"/Subtype /Image" not in plain(made)
    named = Manuscript(
        '<html lang="en"><title>x</title><img src="/articles/1/files/2/x.png" alt="x">',
        {"/articles/1/files/2/x.png": str(secret)},
    )
    assert b"/Subtype /Image" in plain(print_pdf(named, tmp_path / "b.pdf", seconds=60))


def test_pictures_come_from_the_article_that_shows_them(app: Flask, tmp_path: Path) -> None:
    write(tmp_path, "in/a.md", "---\ntitle: One\n---\n![x](x.png)")
    Image.new("RGB", (30, 30)).save(tmp_path / "in/x.png")
    import_folder(tmp_path / "in", ImportOptions(audience=("public",)))
    article = db.session.scalars(sa.select(Article).where(Article.title == "One")).one()
    assert len(manuscript_of(article).pictures) == 1
    # Somebody else's file is not reached by writing down its address.
    (address,) = manuscript_of(article).pictures
    thief = make_article("Two", body=f'<img src="{address}">')
    assert manuscript_of(thief).pictures == {}


def test_links_inside_a_collection_lead_to_their_page(app: Flask) -> None:
    second = make_article("Second", body="## Ports\n\nText")
    outside = make_article("Outside")
    first = make_article(
        "First",
        body=f"## Ports\n\n[a](/articles/{second.id}/second#ports) [b](/articles/{second.id}/second) "
        f"[c](/articles/{outside.id}/outside) [d](#ports) [e](https://example.com/x) [f](/articles/{second.id}/x#gone)",
    )
    html = collection(first, second).html
    for address in (
        f"#a{second.id}-ports", f"#a{second.id}", f"http://localhost/articles/{outside.id}/outside",
        f"#a{first.id}-ports", "https://example.com/x",
    ):  # fmt: skip
        assert f'href="{address}"' in html
    identifiers = re.findall(r' id="([^"]*)"', html)
    assert len(identifiers) == len(set(identifiers))


def test_a_book_has_cover_contents_and_an_article_a_page(app: Flask, tmp_path: Path) -> None:
    section = make_section("Mail")
    articles = [make_article(f"Article {letter}", section=section) for letter in "BA"]
    manuscript = collection(*articles)
    assert manuscript.html.index("Article A") < manuscript.html.index("Article B")
    assert "Made for" not in manuscript.html
    assert "Made for Ada" in collection(*articles, is_public=False).html
    assert pages(print_pdf(manuscript, tmp_path / "a.pdf", seconds=60)) == 4


def test_section_as_pdf_from_asking_to_download(
    app: Flask, client: CheckingClient, owner: User, clock: HeldClock
) -> None:
    top = make_section("Network")
    below = make_section("VPN", parent=top)
    make_article("Open one", section=top)
    make_article("Open two", section=below)
    make_article("Only for auditors", section=below, audience=("role:auditor",))
    make_article("Elsewhere")
    client.sign_in(owner)
    assert client.get("/knowledge/export").status_code == 200
    answer = client.post("/knowledge/export", data={"section": top.slug, "format": "pdf"})
    assert answer.status_code == 303
    place = answer.headers["Location"]
    transfer = db.session.scalars(sa.select(Transfer)).one()
    assert "knowledge.article.exported" in db.session.scalars(sa.select(AuditEvent.action)).all()
    assert "every 2s" in client.get(place).text
    assert client.get(f"{place}/articles.pdf").status_code == 404
    assert any(task.name == run_transfer.name for task in queue_of(app).pending())
    run_transfer(transfer.id)
    db.session.expire_all()
    assert transfer.state is TransferState.DONE
    assert transfer.result["articles"] == 2
    done = client.htmx(place)
    assert "hx-trigger" not in done.text
    assert "2 articles" in done.text
    file = client.get(f"{place}/articles.pdf")
    assert file.mimetype == "application/pdf"
    assert "network.pdf" in file.headers["Content-Disposition"]
    content = plain(folder_of(transfer) / "articles.pdf")
    for title, is_there in (("Open two", True), ("Only for auditors", False), ("Elsewhere", False)):
        assert (title.encode() in content or title.encode("utf-16-be") in content) == is_there
    # After a week it is gone, with its file.
    clock.forward(days=8)
    forget_transfers()
    assert client.get(place).status_code == 404
    assert not folder_of(transfer).exists()


def test_a_transfer_is_for_the_one_who_asked(client: CheckingClient, owner: User) -> None:
    article = make_article("Open")
    client.sign_in(owner)
    place = client.post("/knowledge/pdf", data={"article": [article.id, "x"]}).headers["Location"]
    run_transfer(db.session.scalars(sa.select(Transfer.id)).one())
    client.sign_in(make_user("knowledge_owner"))
    assert client.get(place).status_code == 404
    assert client.get(f"{place}/articles.pdf").status_code == 404
    client.sign_in(make_user("knowledge_author"))
    assert client.post("/knowledge/pdf", data={"article": [article.id]}).status_code == 403
    assert client.get(f"{place}/articles.pdf").status_code == 403
    client.sign_in(make_user())
    assert client.get(place).status_code == 403


def test_what_was_closed_meanwhile_is_not_given_out(client: CheckingClient, owner: User) -> None:
    closing, other = make_article("Closing"), make_article("Staying")
    client.sign_in(owner)
    place = client.post("/knowledge/pdf", data={"article": [closing.id, other.id]}).headers["Location"]
    transfer_id = db.session.scalars(sa.select(Transfer.id)).one()
    run_transfer(transfer_id)
    retire_article(db.session.get_one(Article, closing.id), actor=None, reason="old")
    db.session.commit()
    assert client.get(f"{place}/articles.pdf").status_code == 409
    # One that still waits leaves it out.
    waiting = client.post("/knowledge/pdf", data={"article": [other.id]}).headers["Location"]
    retire_article(db.session.get_one(Article, other.id), actor=None, reason="old")
    db.session.commit()
    run_transfer(transfer_id + 1)
    assert "nothing in it that you may read any more" in client.get(waiting).text


def test_too_much_or_nothing_is_refused(client: CheckingClient, owner: User) -> None:
    section = make_section("Two")
    make_article(section=section)
    make_article(section=section)
    client.sign_in(owner)
    assert client.post("/knowledge/export", data={"format": "pdf"}).status_code == 422
    assert client.post("/knowledge/export", data={"format": "pdf", "section": "nowhere"}).status_code == 404
    assert client.post("/knowledge/pdf", data={"article": ["99999999"]}).status_code == 409
    with pytest.raises(TooManyArticles, match="2 articles"):
        ask_collection(actor=owner, section=section, most=1)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Transfer)) == 0


def test_another_worker_goes_on_where_one_fell_silent(
    app: Flask, client: CheckingClient, owner: User, clock: HeldClock
) -> None:
    article = make_article("Open")
    client.sign_in(owner)
    client.post("/knowledge/pdf", data={"article": [article.id]})
    transfer = db.session.scalars(sa.select(Transfer)).one()
    transfer.state, transfer.attempts = TransferState.RUNNING, 1
    db.session.commit()
    run_transfer(transfer.id)
    assert db.session.get_one(Transfer, transfer.id).state is TransferState.RUNNING
    clock.forward(minutes=6)
    queue_of(app).flush()
    take_up_transfers()
    assert [task.args for task in queue_of(app).pending()] == [(transfer.id,)]
    run_transfer(transfer.id)
    db.session.expire_all()
    assert transfer.state is TransferState.DONE
    # One that killed its worker each time is given up.
    transfer.state, transfer.attempts = TransferState.WAITING, MOST_ATTEMPTS
    db.session.commit()
    run_transfer(transfer.id)
    db.session.expire_all()
    assert transfer.state is TransferState.FAILED


def test_a_stopping_worker_gives_the_work_back(client: CheckingClient, owner: User) -> None:
    article = make_article("Open")
    client.sign_in(owner)
    client.post("/knowledge/pdf", data={"article": [article.id]})
    transfer = db.session.scalars(sa.select(Transfer)).one()
    stopping.set()
    try:
        run_transfer(transfer.id)
    finally:
        stopping.clear()
    db.session.expire_all()
    assert (transfer.state, transfer.attempts) == (TransferState.WAITING, 0)
    assert transfer.beat_at <= clock.now()


def test_the_library_is_not_loaded_with_the_portal() -> None:
    program = "import sys, portal.app, knowledge.routes; print('weasyprint' in sys.modules, 'PIL' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "False"]
