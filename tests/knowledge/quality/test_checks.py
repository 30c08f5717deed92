"""The automatic checks."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from knowledge.importing.services import ImportOptions, import_folder
from knowledge.models import ArticleQuality
from knowledge.quality.checks import Check, check_text, is_vague, reading_ease, score
from knowledge.services.articles import retire_article
from knowledge.tasks import check_articles, check_unchecked
from portal.core.db import db
from tests.client import CheckingClient
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article

LONG_ENOUGH = "Open the client and sign in with your name. " * 10


def found(markdown: str, *, title: str = "How to connect", summary: str = "x", language: str = "en") -> list[str]:
    return [
        problem.check.value
        for problem in check_text(title=title, summary=summary, markdown=markdown, language=language)
    ]


def test_a_good_article_has_no_problem() -> None:
    assert found(f"## Steps\n\n{LONG_ENOUGH}\n\n### More\n\n![A lamp](a.png)") == []
    assert score([]) == 100


@pytest.mark.parametrize(
    ("markdown", "check"),
    [
        (f"{LONG_ENOUGH} ![](a.png)", Check.MISSING_ALT),
        (f"## A\n\n{LONG_ENOUGH}\n\n#### B", Check.HEADING_ORDER),
        ("Short.", Check.TOO_SHORT),
        ("word " * 1_801, Check.TOO_LONG),
        ("Notwithstanding organisational interdependencies, administrators immediately " * 30, Check.HARD_TO_READ),
    ],
)
def test_each_problem_is_found(markdown: str, check: Check) -> None:
    assert check.value in found(markdown)


def test_title_and_summary_are_looked_at() -> None:
    assert found(LONG_ENOUGH, title="Outlook", summary="") == ["vague_title", "no_summary"]


@pytest.mark.parametrize(
    ("title", "vague"),
    [
        ("Wi-Fi", True),
        ("VPN fails", False),
        ("What is MFA?", False),
        ("Error 809", False),
        ("Set up the scanner", False),
    ],
)
def test_titles(title: str, vague: bool) -> None:
    assert is_vague(title) == vague


def test_reading_ease_of_known_sentences() -> None:
    # 6 words, 1 sentence, 6 syllables: 206.835 - 6.09 - 84.6 = 116.1.
    assert reading_ease("The cat sat on the mat.", "en") == pytest.approx(116.145)
    # 4 words, 1 sentence, 5 syllables, Amstad: 180 - 4 - 58.5 * 1.25.
    assert reading_ease("Die Katze liegt da.", "de") == pytest.approx(102.875)


def test_findings_stand_beside_the_article_and_follow_what_it_links_to(client: CheckingClient) -> None:
    target = make_article("Target of links")
    article = make_article("Links to it", body=f"[x](/articles/{target.id}/target) {LONG_ENOUGH}", summary="x")
    assert db.session.get_one(ArticleQuality, article.id).problems == []
    retire_article(target, actor=None, reason="")
    db.session.commit()
    number = article.id
    check_articles()
    row = db.session.scalars(sa.select(ArticleQuality).where(ArticleQuality.article_id == number)).one()
    assert [problem["check"] for problem in row.problems] == ["broken_link"]
    client.sign_in(make_user("knowledge_owner"))
    assert "A link leads nowhere" in client.get(f"/articles/{number}/work").text
    assert "Health by section" in client.get("/knowledge/health").text
    make_article("Weak", body="x")
    assert "Weak" in client.get("/knowledge?list=weak").text


def test_what_an_import_saved_is_checked_by_the_worker(app: object, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntitle: A\n---\nText")
    import_folder(tmp_path, ImportOptions())
    assert db.session.scalars(sa.select(ArticleQuality)).all() == []
    check_unchecked()
    checked = db.session.scalars(sa.select(ArticleQuality)).one()
    assert checked.version_number == 1
    check_unchecked()
    assert db.session.scalars(sa.select(ArticleQuality.score)).all() == [checked.score]
