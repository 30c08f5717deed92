"""Importing a folder of Markdown."""

import csv
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_babel import force_locale
from PIL import Image

from knowledge.content import ArticleContent
from knowledge.enums import ArticleType
from knowledge.importing.command import run_import
from knowledge.importing.report import ImportReport, Outcome
from knowledge.importing.services import ImportOptions, NothingToImport, import_folder
from knowledge.models import Article, ArticleVersion, SearchChange
from knowledge.rendering.document import LARGEST_BODY
from knowledge.services.articles import retire_article, save_version
from portal.core.audit import services as audit
from portal.core.db import db
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_service, make_team, make_user

PUBLIC = ImportOptions(audience=("public",))
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def outcomes(report: ImportReport) -> dict[str, str]:
    return {file.path: file.outcome.value for file in report.files}


def article_called(title: str) -> Article:
    return db.session.scalars(sa.select(Article).where(Article.title == title)).one()


def test_front_matter_becomes_fields(app: object, tmp_path: Path) -> None:
    team_id = make_team(key="network").id
    owner_id = make_user(username="agent.network").id
    make_service("VPN", key="vpn")
    write(
        tmp_path,
        "a.md",
        "---\ntitle: VPN drops\nsummary: What to do\ntype: known-error\nsection: Network / VPN\ntags: [vpn, Wi-Fi]\n"
        "services: [vpn, unknown]\naudience: agents\nlanguage: de\nowner_team: network\nowner: agent.network\n"
        "review_months: 6\nreviewed_at: 2026-01-31\n---\n# VPN drops\n\nText\n",
    )
    report = import_folder(tmp_path, PUBLIC)
    article = article_called("VPN drops")
    assert (article.summary, article.type, article.language) == ("What to do", ArticleType.KNOWN_ERROR, "de")
    assert (article.section.name, article.section.parent and article.section.parent.name) == ("VPN", "Network")
    assert [tag.name for tag in article.tags] == ["vpn", "Wi-Fi"] or {tag.name for tag in article.tags} == {
        "vpn",
        "Wi-Fi",
    }
    assert [service.key for service in article.services] == ["vpn"]
    assert {item.token for item in article.audiences} == {"agents"}
    assert (article.owner_team_id, article.owner_id, article.review_months) == (team_id, owner_id, 6)
    assert article.review_due_at and article.review_due_at.date().isoformat() == "2026-07-31"
    assert "unknown" in report.files[0].notes[0]
    assert article.is_readable


def test_text_and_folder_stand_in_for_missing_front_matter(app: object, tmp_path: Path) -> None:
    write(tmp_path, "ExchangeOnline/send-emails/x.md", "# From the heading #\n\nText")
    write(tmp_path, "y-file_name.md", "Only text")
    import_folder(tmp_path, PUBLIC)
    section = article_called("From the heading").section
    assert (section.name, section.parent and section.parent.name) == ("Send emails", "ExchangeOnline")
    assert article_called("Y file name").is_readable


def test_a_second_run_changes_nothing(app: object, tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: A\n---\nSee ![p](p.png)")
    write(tmp_path, "p.png", PNG)
    import_folder(tmp_path, PUBLIC)
    position = audit.chain_position()
    changes = db.session.scalar(sa.select(sa.func.count(SearchChange.id)))
    assert outcomes(import_folder(tmp_path, PUBLIC)) == {"a.md": "unchanged"}
    assert audit.chain_position() == position
    assert db.session.scalar(sa.select(sa.func.count(SearchChange.id))) == changes == 1


def test_a_changed_file_becomes_a_new_version(app: object, tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: A\n---\nOld")
    import_folder(tmp_path, PUBLIC)
    write(tmp_path, "a.md", "---\ntitle: A\n---\nNew")
    assert outcomes(import_folder(tmp_path, PUBLIC)) == {"a.md": "changed"}
    article = article_called("A")
    assert (article.latest_number, article.published_number) == (2, 2)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("---\ntitle: [\n---\nText", "not valid YAML"),
        ("---\ntitle: A\nText", "not closed"),
        ("---\n- a\n---\nText", "not a list of names"),
        ("---\na: &x 1\nb: *x\n---\nText", "aliases"),
        ("---\naudience: everybody\n---\nText", "“everybody” is unknown"),
        ("---\naudience: team:nobody\n---\nText", "“nobody”, which does not exist"),
        ("---\nreview_months: often\n---\nText", "number of months"),
        ("caf\xe9".encode("latin-1"), "not UTF-8"),
        ("", "is empty"),
        ("---\ntitle: A\n---\n \n", "is empty"),
        ("x" * (LARGEST_BODY + 1), "larger than 1024 kB"),
    ],
)
def test_a_file_that_cannot_be_an_article_is_refused_with_a_reason(
    app: object, tmp_path: Path, content: str | bytes, words: str
) -> None:
    write(tmp_path, "bad.md", content)
    write(tmp_path, "good.md", "Good")
    report = import_folder(tmp_path, PUBLIC)
    assert outcomes(report) == {"bad.md": "refused", "good.md": "created"}
    assert words in report.refused()[0].reason


def test_a_file_that_says_the_same_as_another_is_refused(app: object, tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: A\n---\nText")
    write(tmp_path, "b.md", "---\ntitle: A\nsummary: other\n---\nText")
    report = import_folder(tmp_path, PUBLIC)
    assert outcomes(report) == {"a.md": "created", "b.md": "refused"}
    assert "a.md" in report.refused()[0].reason
    assert outcomes(import_folder(tmp_path, PUBLIC)) == {"a.md": "unchanged", "b.md": "refused"}


def test_a_moved_file_stays_the_same_article(app: object, tmp_path: Path) -> None:
    path = write(tmp_path, "old/a.md", "---\ntitle: A\n---\nText")
    import_folder(tmp_path, PUBLIC)
    number = article_called("A").id
    path.rename(tmp_path / "b.md")
    report = import_folder(tmp_path, PUBLIC)
    assert outcomes(report) == {"b.md": "changed"}
    assert article_called("A").id == number
    assert outcomes(import_folder(tmp_path, PUBLIC)) == {"b.md": "unchanged"}


def test_links_between_articles_lead_to_them_whatever_comes_first(client: CheckingClient, tmp_path: Path) -> None:
    write(
        tmp_path,
        "a/one.md",
        "---\ntitle: One\n---\n[two](../b/two.md#the-cause) [gone](gone.md) [out](../../etc/passwd.md)",
    )
    write(tmp_path, "b/two.md", "---\ntitle: Two\n---\n## The cause\n\n[one](../a/one.md)")
    import_folder(tmp_path, PUBLIC)
    one, two = article_called("One"), article_called("Two")
    text = client.get(f"/articles/{one.id}/one").text
    assert f'<a href="/articles/{two.id}/two#the-cause">two</a>' in text
    assert "<a>gone</a>" in text
    assert "passwd" not in text
    assert f'href="/articles/{one.id}/one"' in client.get(f"/articles/{two.id}/two").text


def test_pictures_come_along_and_broken_ones_show_their_text(client: CheckingClient, tmp_path: Path) -> None:
    write(tmp_path, "a/one.md", "---\ntitle: One\n---\n![A lamp](../images/lamp.png) ![No lamp](gone.png)")
    write(tmp_path, "images/lamp.png", PNG)
    import_folder(tmp_path, PUBLIC)
    article = article_called("One")
    text = client.get(f"/articles/{article.id}/one").text
    address = text.split('<img src="')[1].split('"')[0]
    assert client.get(address).data == PNG
    assert '<span class="missing-picture">No lamp</span>' in text
    assert client.get(address.replace("/files/", "/files/9")).status_code == 404


def test_a_missing_picture_is_named_in_the_report(app: object, tmp_path: Path) -> None:
    write(tmp_path, "in/x.png", PNG)
    write(tmp_path, "in/one.md", "# One\n![a](x.png) ![b](gone.png) ![b](./gone.png) ![c](https://example.org/c.png)")
    write(tmp_path, "in/two.md", "# Two\n" + " ".join(f"![{n}](pics/{n}.png)" for n in range(7)))
    write(tmp_path, "in/three.md", "# Three\nSay `![x](no.png)` in Markdown.")
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for path in sorted((tmp_path / "in").iterdir()):
            archive.write(path, path.name)
    notes = {file.path: " ".join(file.notes) for file in import_folder(tmp_path / "in.zip", PUBLIC).files}
    assert notes["one.md"] == "A picture is not in the folder: gone.png. Its alternative text stands in its place."
    assert notes["two.md"].startswith("7 pictures are not in the folder: pics/0.png, pics/1.png")
    assert "pics/4.png …" in notes["two.md"]
    assert notes["three.md"] == ""


def test_a_changed_picture_alone_is_brought_along(client: CheckingClient, tmp_path: Path) -> None:
    write(tmp_path, "one.md", "---\ntitle: One\n---\n![A lamp](lamp.png)")
    write(tmp_path, "lamp.png", PNG)
    import_folder(tmp_path, PUBLIC)
    write(tmp_path, "lamp.png", PNG + b"\x00")
    assert outcomes(import_folder(tmp_path, PUBLIC)) == {"one.md": "changed"}
    text = client.get(f"/articles/{article_called('One').id}/one").text
    assert client.get(text.split('<img src="')[1].split('"')[0]).data == PNG + b"\x00"


def test_pictures_outside_the_folder_stay_outside(app: object, tmp_path: Path) -> None:
    write(tmp_path, "secret.png", PNG)
    write(tmp_path, "in/one.md", "---\ntitle: One\n---\n![x](../secret.png) ![y](/etc/hostname.txt)")
    import_folder(tmp_path / "in", PUBLIC)
    version = db.session.scalars(sa.select(ArticleVersion).options(sa.orm.undefer(ArticleVersion.body_html))).one()
    assert "<img" not in version.body_html


def test_what_was_edited_or_retired_here_is_left_alone(app: object, tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: A\n---\nText a")
    write(tmp_path, "b.md", "---\ntitle: B\n---\nText b")
    import_folder(tmp_path, PUBLIC)
    save_version(article_called("A"), ArticleContent("A", "Edited"), actor=None)
    retire_article(article_called("B"), actor=None, reason="")
    db.session.commit()
    write(tmp_path, "a.md", "---\ntitle: A\n---\nNew a")
    write(tmp_path, "b.md", "---\ntitle: B\n---\nNew b")
    report = import_folder(tmp_path, PUBLIC)
    assert outcomes(report) == {"a.md": "refused", "b.md": "refused"}
    assert ["edited" in file.reason or "retired" in file.reason for file in report.refused()] == [True, True]


def test_a_dry_run_changes_nothing(app: object, tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: A\n---\nText")
    write(tmp_path, "b.md", "")
    report = import_folder(tmp_path, ImportOptions(audience=("public",), dry_run=True))
    assert outcomes(report) == {"a.md": "created", "b.md": "refused"}
    assert db.session.scalar(sa.select(sa.func.count(Article.id))) == 0


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_folder_without_articles_is_a_clear_sentence(app: object, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingToImport, match=r"no Markdown or HTML files|There is no folder"):
        import_folder(tmp_path / name, PUBLIC)


def test_a_run_that_was_killed_goes_on_where_it_stopped(app: object, tmp_path: Path) -> None:
    for number in range(90):
        write(tmp_path, f"{number:02}.md", f"---\ntitle: Article {number:02}\n---\nText {number}")

    def killed(done: int, total: int) -> None:
        if done == 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_folder(tmp_path, PUBLIC, progress=killed)
    whole = db.session.scalars(sa.select(Article)).all()
    assert len(whole) == 40
    assert all(article.is_readable and article.audiences for article in whole)
    counts = import_folder(tmp_path, PUBLIC).counts()
    assert (counts[Outcome.UNCHANGED], counts[Outcome.CREATED]) == (40, 50)


def test_the_report_names_each_file(app: object, tmp_path: Path) -> None:
    write(tmp_path, "in/a.md", "---\ntitle: A\n---\nText")
    write(tmp_path, "in/b.md", "")
    report = import_folder(tmp_path / "in", PUBLIC)
    report.write(tmp_path / "report.csv")
    rows = list(csv.DictReader((tmp_path / "report.csv").open()))
    assert [(row["path"], row["outcome"]) for row in rows] == [("a.md", "created"), ("b.md", "refused")]
    report.write(tmp_path / "report.json")
    assert '"gone": []' in (tmp_path / "report.json").read_text()


def test_the_number_of_queries_for_an_article_stays_the_same(app: object, tmp_path: Path) -> None:
    counts = []
    for batch in ("one", "two"):
        folder = tmp_path / batch
        for number in range(3 if batch == "one" else 6):
            write(
                folder,
                f"{number}.md",
                f"---\ntitle: {batch} {number}\ntags: [a]\nsection: Same\n---\nText {batch} {number}",
            )
        with count_queries() as counted:
            import_folder(folder, PUBLIC)
        counts.append(len(counted) / (3 if batch == "one" else 6))
    assert counts[1] <= counts[0]


def test_a_picture_keeps_its_place_free_on_the_page(app: object, tmp_path: Path) -> None:
    write(tmp_path, "in/a.md", "---\ntitle: One\n---\n![x](x.png)")
    Image.new("RGB", (320, 41)).save(tmp_path / "in/x.png")
    import_folder(tmp_path / "in", ImportOptions(audience=("public",)))
    html = db.session.scalars(sa.select(ArticleVersion.body_html)).one()
    assert 'width="320" height="41"' in html


@pytest.mark.parametrize(
    ("language", "whole", "one", "rest"),
    [
        ("en", "1 file: 1 new, 0 changed", "2 files: 0 new, 0 changed, 1 unchanged, 1 refused.", "1 file has a remark"),
        (
            "de",
            "1 Datei: 1 neu, 0 geändert",
            "2 Dateien: 0 neu, 0 geändert, 1 unverändert, 1 abgelehnt.",
            "1 Datei hat",
        ),
    ],
)
def test_the_command_ends_with_one_when_a_file_was_refused(
    app: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, whole: str, one: str, rest: str
) -> None:
    def run() -> tuple[int, str]:
        code = run_import(tmp_path, audience="public", collection="", dry_run=False, report_path=None)
        return code, " ".join(capsys.readouterr().out.split())

    write(tmp_path, "good.md", "---\ntitle: Good\nservices: [unknown]\n---\n\nText\n")
    with force_locale(language):
        code, said = run()
        assert (code, whole in said, rest in said) == (0, True, True), said
        write(tmp_path, "empty [draft].md", "")
        code, said = run()
        assert (code, one in said, "empty [draft].md" in said) == (1, True, True), said
        # What was imported stays, and the same answer comes again.
        assert run()[0] == 1
    assert article_called("Good")
