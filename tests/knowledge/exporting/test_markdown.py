"""Export to Markdown and back."""

import io
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import undefer

from knowledge.content import ArticleContent
from knowledge.enums import ArticleType, ErrorState, TransferState
from knowledge.errors import ArchiveRefused
from knowledge.exporting import markdown
from knowledge.exporting.markdown import export_markdown
from knowledge.importing.services import ImportOptions, import_folder
from knowledge.models import Article, ArticleFile, ArticleSource, ArticleVersion, Section, Transfer
from knowledge.services.articles import retire_article
from knowledge.services.editing import attach_file
from knowledge.services.exporting import run_export
from knowledge.services.known_errors import set_error_state
from knowledge.tasks import run_transfer
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from tests.client import CheckingClient
from tests.factories.directory import make_service, make_team, make_user
from tests.factories.knowledge import make_article, make_section
from tests.knowledge.importing.test_import import PNG, write

PUBLIC = ImportOptions(audience=("public",))


def contents() -> dict[str, tuple[str, str, tuple[str, ...], str]]:
    """What an article says, where it stands and who owns it, by title."""
    query = (
        sa.select(ArticleVersion)
        .join(ArticleVersion.article)
        .where(ArticleVersion.number == Article.published_number)
        .options(undefer(ArticleVersion.body_html))
    )
    return {
        version.title: (
            version.digest,
            version.article.section.name,
            tuple(sorted(item.token for item in version.article.audiences)),
            f"{version.article.owner_id} {version.article.owner_team_id} {version.article.review_months}"
            f" {version.article.error_state} {version.article.error_note}",
        )
        for version in db.session.scalars(query)
    }


def export_to(path: Path) -> Path:
    with path.open("wb") as stream:
        export_markdown(stream, None)
    return path


def forget_everything() -> None:
    for table in (ArticleSource, ArticleFile, Article):
        db.session.execute(sa.delete(table))
    while db.session.execute(
        sa.delete(Section).where(Section.id.not_in(sa.select(Section.parent_id).where(Section.parent_id.is_not(None))))
    ).rowcount:  # type: ignore[attr-defined]
        pass
    db.session.commit()
    db.session.expunge_all()


def test_what_is_exported_imports_back_without_a_difference(app: object, tmp_path: Path) -> None:
    team = make_team(key="network")
    make_service("VPN", key="vpn")
    owner = make_user(username="owner.network")
    section = make_section("A / B: odd # name", parent=make_section("Top"))
    make_article(
        'He said: "no" #1 — ü', section=section, body="\n\n---\ntitle: no front matter\n---\n\nText\n", summary="- yes",
        tags=("2019", "a: b", "wi-fi"), services=("vpn",), audience=(f"team:{team.id}", "role:auditor"), owner=owner,
        owner_team=team, review_months=6, kind=ArticleType.KNOWN_ERROR, language="de",
    )  # fmt: skip
    make_article("As the section", audience=())
    mended = make_article("Mended", body="## Workaround\n\nWait.", kind=ArticleType.KNOWN_ERROR)
    set_error_state(mended, actor=None, state=ErrorState.RESOLVED, note='By version 5: "done".')
    pictured = make_article("With picture", published=False)
    attach_file(pictured, io.BytesIO(PNG), "lamp.png", alternative_text="A lamp", actor=None)
    db.session.commit()
    from knowledge.services.articles import publish_version, save_version

    publish_version(
        save_version(pictured, ArticleContent("With picture", "![A lamp](files/lamp.png)"), actor=None), actor=None
    )
    db.session.commit()
    before = contents()
    path = export_to(tmp_path / "all.zip")
    forget_everything()
    report = import_folder(path, PUBLIC)
    assert [file.reason for file in report.refused()] == []
    assert contents() == before
    html = db.session.scalars(sa.select(ArticleVersion.body_html).where(ArticleVersion.title == "With picture")).one()
    assert "<img" in html
    again = export_to(tmp_path / "all2.zip")
    assert sorted(zipfile.ZipFile(again).namelist())[0].startswith("all/articles/")


def test_links_and_pictures_of_an_import_survive(app: object, tmp_path: Path) -> None:
    write(tmp_path, "in/a/one.md", "---\ntitle: One\n---\n[two](../b/two.md) ![x](../pics/x.png)")
    write(tmp_path, "in/b/two.md", "---\ntitle: Two\n---\nText")
    write(tmp_path, "in/pics/x.png", PNG)
    import_folder(tmp_path / "in", PUBLIC)
    before = contents()
    path = export_to(tmp_path / "all.zip")
    assert sorted(zipfile.ZipFile(path).namelist()) == ["in/a/one.md", "in/b/two.md", "in/pics/x.png"]
    forget_everything()
    import_folder(path, PUBLIC)
    assert contents() == before
    html = db.session.scalars(sa.select(ArticleVersion.body_html).where(ArticleVersion.title == "One")).one()
    assert "<img" in html
    assert "/two" in html


LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(str.strip)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    LINES,
    st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), max_size=80),
    st.lists(LINES, max_size=3),
    LINES,
)
def test_any_words_come_back_the_same(
    app: object, tmp_path_factory: pytest.TempPathFactory, title: str, body: str, tags: list[str], summary: str
) -> None:
    folder = tmp_path_factory.mktemp("export")
    content = ArticleContent(title, f"x{body}", summary=summary, tags=tuple(tags), audience=("public",)).tidied()
    make_article(content.title, body=content.body, summary=content.summary, tags=content.tags)
    before = contents()
    path = export_to(folder / "all.zip")
    forget_everything()
    import_folder(path, PUBLIC)
    assert contents() == before
    forget_everything()


def the_transfer() -> Transfer:
    db.session.expire_all()
    return db.session.scalars(sa.select(Transfer)).one()


def test_an_export_holds_what_its_maker_may_read(client: CheckingClient) -> None:
    make_article("Open")
    closing = make_article("Closing")
    make_article("For auditors", audience=("role:auditor",))
    make_article("Draft", published=False)
    client.sign_in(make_user("knowledge_author"))
    assert client.post("/knowledge/export").status_code == 403
    client.sign_in(make_user("knowledge_owner"))
    assert client.get("/knowledge/export").status_code == 200
    place = client.post("/knowledge/export").location
    assert "knowledge.article.exported" in db.session.scalars(sa.select(AuditEvent.action)).all()
    assert "every 2s" in client.get(place).text
    assert client.get(f"{place}/articles.zip").status_code == 404
    run_transfer(the_transfer().id)
    assert the_transfer().result["articles"] == 2
    assert "hx-trigger" not in client.htmx(place).text
    assert "All articles" in client.get("/knowledge/export").text
    file = client.get(f"{place}/articles.zip")
    assert (file.mimetype, file.headers["Cache-Control"]) == ("application/zip", "private, no-cache")
    archive = zipfile.ZipFile(io.BytesIO(file.data))
    texts = [archive.read(name).decode() for name in archive.namelist()]
    assert sorted(text.splitlines()[1] for text in texts) == ["title: Closing", "title: Open"]
    assert client.get(f"{place}/articles.pdf").status_code == 404
    retire_article(db.session.get_one(Article, closing.id), actor=None, reason="old")
    db.session.commit()
    assert client.get(f"{place}/articles.zip").status_code == 409
    client.sign_in(make_user("knowledge_owner"))
    assert client.get(f"{place}/articles.zip").status_code == 404


def test_many_are_written_a_batch_at_a_time_and_told(client: CheckingClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "_BATCH", 2)
    section = make_section("Printing")
    for number in range(5):
        make_article(f"Article {number}", section=section)
    make_article("Elsewhere")
    client.sign_in(make_user("knowledge_owner"))
    place = client.post("/knowledge/export", data={"section": section.slug}).location
    told: list[tuple[int, int]] = []
    result = run_export(the_transfer(), lambda done, total: told.append((done, total)))
    assert (result["articles"], told) == (5, [(0, 5), (2, 5), (4, 5), (5, 5)])
    transfer = the_transfer()
    transfer.state, transfer.done, transfer.total = TransferState.RUNNING, 2, 5
    db.session.commit()
    assert "2 of 5" in client.htmx(place).text


def test_nothing_to_export_is_said(client: CheckingClient) -> None:
    empty = make_section("Empty")
    client.sign_in(make_user("knowledge_owner"))
    answer = client.post("/knowledge/export", data={"section": empty.slug})
    assert (answer.status_code, "nothing to export" in answer.text) == (422, True)
    assert client.post("/knowledge/export", data={"section": "nowhere"}).status_code == 404
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Transfer)) == 0


@pytest.mark.parametrize("name", ["../out.md", "/etc/out.md", "a/../../out.md", "..\\out.md", "C:\\out.md"])
def test_a_zip_that_leads_out_of_itself_is_refused(app: object, tmp_path: Path, name: str) -> None:
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "Text")
    with pytest.raises(ArchiveRefused, match="leads out"):
        import_folder(path, PUBLIC)
    assert not (tmp_path / "out.md").exists()


def test_a_zip_bomb_is_refused(app: object, tmp_path: Path) -> None:
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.md", b"\x00" * (40 * 1024 * 1024))
    with pytest.raises(ArchiveRefused, match="unpacks to too much"):
        import_folder(path, PUBLIC)


def test_what_is_no_zip_is_refused(app: object, tmp_path: Path) -> None:
    with pytest.raises(ArchiveRefused, match="damaged"):
        import_folder(write(tmp_path, "in.zip", "no zip"), PUBLIC)
