"""Import in the browser: upload, preview, import, report."""

import io
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from knowledge.enums import TransferState
from knowledge.exporting.markdown import export_markdown
from knowledge.models import Article, ArticleFile, Transfer
from knowledge.services.transfers import folder_of
from knowledge.tasks import run_transfer
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.core.jobs import queue_of
from portal.directory.api import Role, RoleAssignment, User
from tests.client import CheckingClient
from tests.factories.directory import make_team, make_user
from tests.factories.knowledge import make_article
from tests.knowledge.exporting.test_markdown import contents, forget_everything
from tests.knowledge.importing.test_import import PNG


def zipped(**files: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), content)
    return buffer.getvalue()


def upload(client: FlaskClient, *files: tuple[bytes, str], **fields: Any) -> Any:
    data = {"audience": ["public"], **fields, "files": [(io.BytesIO(content), name) for content, name in files]}
    return client.post("/knowledge/import", data=data, content_type="multipart/form-data")


def newest() -> Transfer:
    db.session.expire_all()
    return db.session.scalars(sa.select(Transfer).order_by(Transfer.id.desc())).first()  # type: ignore[return-value]


def articles() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Article)) or 0


@pytest.fixture
def owner(client: CheckingClient) -> User:
    owner = make_user("knowledge_owner")
    client.sign_in(owner)
    return owner


def test_from_upload_over_preview_to_report(app: Flask, client: CheckingClient, owner: User) -> None:
    content = zipped(
        a__one_DOT_md="---\ntitle: One\nodd.name: x\nowner: nobody\n---\n[two](../b/two.html) ![x](x.png)",
        b__two_DOT_html="<title>Two</title><p>Text</p>",
        a__x_DOT_png=PNG,
        bad_DOT_md="---\ntitle: [\n---\nText",
    )
    assert client.get("/knowledge/import").status_code == 200
    answer = upload(client, (content, "guides.zip"))
    assert answer.status_code == 303
    place = answer.headers["Location"]
    transfer_id, owner_id = newest().id, owner.id
    assert [task.args for task in queue_of(app).pending() if task.name == run_transfer.name] == [(transfer_id,)]
    assert "every 2s" in client.get(place).text
    assert client.post(place).status_code == 409
    run_transfer(transfer_id)
    preview = client.get(place).text
    assert "Nothing has been changed yet" in preview
    assert "2 new, 0 changed, 0 unchanged, 1 refused" in preview
    assert "not valid YAML" in preview
    assert "odd.name" in preview
    assert "every 2s" not in preview
    assert articles() == 0
    assert client.post(place).status_code == 303
    run_transfer(transfer_id)
    done = client.htmx(place).text
    assert "The import is done" in done
    assert "<h1" not in done
    assert articles() == 2
    report = client.get(f"{place}/report.csv")
    assert report.mimetype == "text/csv"
    assert "a/one.md,created,One" in report.text
    actions = db.session.scalars(sa.select(AuditEvent.action)).all()
    assert {"knowledge.import.asked", "knowledge.import.done", "knowledge.article.imported"} <= set(actions)
    assert (
        db.session.scalars(
            sa.select(AuditEvent.actor_id).where(AuditEvent.action == "knowledge.article.imported")
        ).first()
        == owner_id
    )
    # The same zip again changes nothing.
    again = upload(client, (content, "guides.zip")).headers["Location"]
    run_transfer(newest().id)
    text = client.get(again).text
    assert "0 new, 0 changed, 2 unchanged" in text
    assert "Import 0" not in text
    assert client.post(place).status_code == 409


def test_several_files_without_a_zip(client: CheckingClient, owner: User) -> None:
    one = b"---\ntitle: One\n---\n![x](x.png)"
    upload(client, (one, "one.md"), (PNG, "x.png"), collection="Handbook")
    transfer_id = newest().id
    run_transfer(transfer_id)
    client.post(f"/knowledge/imports/{transfer_id}")
    run_transfer(transfer_id)
    assert newest().state is TransferState.DONE
    assert db.session.scalars(sa.select(ArticleFile.reference)).all() == ["x.png"]
    article = db.session.scalars(sa.select(Article)).one()
    assert [item.token for item in article.audiences] == ["public"]


def test_an_export_comes_back_without_a_difference(client: CheckingClient, owner: User) -> None:
    make_article("One", body="Text *with* `code`", tags=("a",), summary="Short")
    make_article("Two", audience=("agents",))
    before = contents()
    buffer = io.BytesIO()
    export_markdown(buffer, None)
    forget_everything()
    upload(client, (buffer.getvalue(), "articles.zip"))
    run_transfer(newest().id)
    client.post(f"/knowledge/imports/{newest().id}")
    run_transfer(newest().id)
    assert contents() == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (zipped(a_DOT_md=b"\x00" * (40 * 1024 * 1024)), "unpacks to too much"),
        (zipped(**{"..__..__out_DOT_md": "Text"}), "leads out of it"),
        (zipped(__etc__out_DOT_md="Text"), "leads out of it"),
        (b"PK\x03\x04 no zip at all", "damaged or encrypted"),
        (zipped(picture_DOT_png=PNG), "nothing to import"),
    ],
)
def test_what_cannot_be_unpacked_is_told_and_nothing_stays(
    client: CheckingClient, owner: User, content: bytes, sentence: str
) -> None:
    place = upload(client, (content, "bad.zip")).headers["Location"]
    transfer_id = newest().id
    run_transfer(transfer_id)
    text = client.get(place).text
    assert "Nothing was imported" in text
    assert sentence in text
    assert client.post(place).status_code == 409
    assert articles() == 0
    assert not (folder_of(newest()).parent / "out.md").exists()


def test_a_huge_picture_stays_behind_with_a_sentence(client: CheckingClient, owner: User) -> None:
    huge = PNG + bytes(50 * 1024 * 1024)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("one.md", "---\ntitle: One\n---\nText ![Lamp](huge.png)")
        archive.writestr("huge.png", huge)
    place = upload(client, (buffer.getvalue(), "in.zip")).headers["Location"]
    run_transfer(newest().id)
    assert "“huge.png” is larger than 25 MB" in client.get(place).text
    client.post(place)
    run_transfer(newest().id)
    assert articles() == 1
    assert db.session.scalars(sa.select(ArticleFile)).all() == []
    text = client.get(
        client.get(f"/articles/{db.session.scalars(sa.select(Article.id)).one()}").headers["Location"]
    ).text
    assert "Lamp" in text
    assert "<img" not in text.split('class="prose"')[1].split("</article>")[0]


def test_scripts_are_left_out_and_told(client: CheckingClient, owner: User) -> None:
    page = b"<title>One</title><script>alert(1)</script><p onclick='x()'>Text</p>"
    text = b"---\ntitle: Two\n---\nText <script>alert(2)</script>\n\n```html\n<script>shown</script>\n```\n"
    shown = b"---\ntitle: Three\n---\n```html\n<script>shown</script>\n```\n"
    place = upload(client, (page, "one.html"), (text, "two.md"), (shown, "three.md")).headers["Location"]
    run_transfer(newest().id)
    assert [row["path"] for row in newest().result["noted"]] == ["one.html", "two.md"]
    client.post(place)
    run_transfer(newest().id)
    for article_id in db.session.scalars(sa.select(Article.id)).all():
        html = client.get(client.get(f"/articles/{article_id}").headers["Location"]).text
        assert "alert(" not in html.split('class="prose"')[1].split("</article>")[0]


@pytest.mark.parametrize(
    ("files", "fields", "sentence"),
    [
        ((), {}, "Choose a zip or some files"),
        (((b"x", "a.exe"),), {}, "nothing to import"),
        (((b"x", "a.zip"), (b"x", "b.md")), {}, "one zip, or several files"),
        (((b"x", "a.md"), (b"y", "A.md")), {}, "the same name"),
        (((b"x", "a.md"),), {"audience": ["everybody"]}, "valid choice"),
        (((b"x", "a.md"),), {"audience": []}, "Choose who may read them"),
        (((b"x", "a.md"),), {"collection": "x" * 121}, "121"),
    ],
)
def test_a_wrong_upload_is_told_and_nothing_is_kept(
    client: CheckingClient, owner: User, files: Any, fields: dict[str, Any], sentence: str
) -> None:
    answer = upload(client, *files, **fields)
    assert answer.status_code == 422
    if sentence != "121":
        assert sentence in answer.text
    assert newest() is None


def test_too_large_an_upload_is_refused(app: Flask, client: CheckingClient, owner: User) -> None:
    beyond = app.extensions["portico_settings"].max_import_mb * 1024 * 1024 + 4 * 1024 * 1024
    answer = client.post(
        "/knowledge/import",
        data=b"",
        environ_overrides={"CONTENT_LENGTH": str(beyond)},
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 413
    # More than an attachment may have is taken here, and only from people who are signed in.
    large = bytes(30 * 1024 * 1024)
    assert upload(client, (b"Text", "a.md"), (large, "b.bin")).status_code == 303
    assert upload(app.test_client(), (b"Text", "a.md"), (large, "b.bin")).status_code == 413


def test_who_may_import(app: Flask, client: CheckingClient, owner: User) -> None:
    place = upload(client, (b"Text", "a.md")).headers["Location"]
    client.sign_in(make_user("knowledge_owner"))
    for path in (place, f"{place}/report.csv"):
        assert client.get(path).status_code == 404
    assert client.post(place).status_code == 404
    # Rights for the articles of one team are not enough.
    limited = make_user()
    role = db.session.scalars(sa.select(Role).where(Role.key == "knowledge_owner")).one()
    db.session.add(RoleAssignment(user_id=limited.id, role_id=role.id, team_id=make_team().id))
    db.session.commit()
    for person in (limited, make_user("knowledge_author"), make_user()):
        client.sign_in(person)
        assert client.get("/knowledge/import").status_code == 403
        assert upload(client, (b"Text", "a.md")).status_code == 403
    assert app.test_client().get("/knowledge/import").status_code == 303
