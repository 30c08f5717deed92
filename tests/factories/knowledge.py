from itertools import count
from typing import Any

from knowledge.content import ArticleContent
from knowledge.enums import ArticleType
from knowledge.models import Article, Section
from knowledge.services.articles import create_article, newest_version, publish_version
from knowledge.services.sections import create_section
from portal.core.db import db
from portal.directory.api import Team, User

_numbers = count(1)


def make_section(name: str | None = None, **values: Any) -> Section:
    section = create_section(name or f"Section {next(_numbers)}", actor=None, **values)
    db.session.commit()
    return section


def make_article(
    title: str | None = None,
    *,
    section: Section | None = None,
    body: str = "Do it **this** way.",
    audience: tuple[str, ...] = ("public",),
    published: bool = True,
    author: User | None = None,
    owner_team: Team | None = None,
    owner: User | None = None,
    review_months: int | None = None,
    kind: ArticleType = ArticleType.HOW_TO,
    **content: Any,
) -> Article:
    article = create_article(
        ArticleContent(title or f"Article {next(_numbers)}", body, audience=audience, type=kind, **content),
        section=section or make_section(),
        actor=author,
        owner_team=owner_team,
        owner=owner,
        review_months=review_months,
    )
    if published:
        publish_version(newest_version(article), actor=author)
    db.session.commit()
    return article
