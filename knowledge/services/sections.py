"""The tree of sections and who may read what lies in it."""

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy.orm import selectinload

from knowledge.audience import PUBLIC, is_token, narrowed
from knowledge.content import slugified
from knowledge.enums import READABLE_STATES, Event
from knowledge.errors import NobodyMayRead, SectionInCircle, SectionInUse, UnknownAudience
from knowledge.models import Article, Section, SectionAudience
from knowledge.queries.sections import ids_below
from knowledge.services.live import apply_audience, queue_search_change
from knowledge.services.review_rules import set_due_dates
from portal.core.audit import services as audit
from portal.core.audit.services import Actor, changes
from portal.core.db import db
from portal.directory.api import Team

DEEPEST = 8


def create_section(
    name: str,
    *,
    actor: Actor | None,
    parent: Section | None = None,
    owner_team: Team | None = None,
    audience: tuple[str, ...] = (),
    description: str = "",
    position: int = 0,
) -> Section:
    """Make a section; without an audience it is for whom the section above is for, at the top for everyone.

    Raises:
        NobodyMayRead, UnknownAudience: the audience is wrong or wider sections exclude it.
        SectionInCircle: the tree would become deeper than ``DEEPEST``.
    """
    if parent is not None and len(ancestors(parent)) + 1 >= DEEPEST:
        raise SectionInCircle(gettext("Sections can lie %(number)d deep. Choose one higher up.", number=DEEPEST))
    section = Section(
        name=" ".join(name.split())[:120],
        slug=_free_slug(name, parent),
        parent=parent,
        owner_team=owner_team or (parent.owner_team if parent else None),
        audience=sorted(set(audience)),
        description=description,
        position=position,
    )
    db.session.add(section)
    _apply_audience(section)
    db.session.flush()
    audit.record(
        Event.SECTION_CREATED,
        section,
        actor=actor,
        after={"name": section.name, "parent_id": section.parent_id, "audience": section.audience},
    )
    return section


def change_section(
    section: Section,
    *,
    actor: Actor | None,
    name: str,
    parent: Section | None,
    owner_team: Team | None,
    audience: tuple[str, ...],
    description: str = "",
    position: int = 0,
) -> None:
    """Rename, move or open a section otherwise; what lies in it follows, and the index hears of it.

    Raises:
        SectionInCircle: the section would lie beneath itself.
        NobodyMayRead, UnknownAudience: the audience is wrong, or would leave something in it without readers.
    """
    # Reading the old name loads the row; what was set on a row not loaded would not count as changed.
    old_name = section.name
    if parent is not None and (parent is section or section in ancestors(parent)):
        raise SectionInCircle(gettext("“%(name)s” cannot lie beneath itself. Choose another place.", name=old_name))
    section.name, section.description, section.position = " ".join(name.split())[:120], description, position
    section.parent_id, section.owner_team_id = parent.id if parent else None, owner_team.id if owner_team else None
    section.audience = sorted(set(audience))
    before, after = changes(section)
    if not before:
        return
    section.parent = parent
    section.owner_team = owner_team
    if before.keys() & {"audience", "parent_id"}:
        _apply_audience_below(section)
    if "name" in before:
        for article_id in db.session.scalars(sa.select(Article.id).where(Article.section_id == section.id)):
            queue_search_change(article_id)
    audit.record(Event.SECTION_CHANGED, section, actor=actor, before=before, after=after)
    db.session.flush()


def set_policy(
    section: Section,
    *,
    actor: Actor | None,
    min_approvals: int | None,
    separate_publisher: bool,
    approver_team: Team | None,
    publisher_team: Team | None,
    is_restricted: bool,
    review_months: int | None,
) -> None:
    """Say what a section asks of changes and how often its articles are reviewed; it holds from the next step on.

    What is approved already stays approved when enough others did so under the new policy.
    """
    # Reading loads the row; what was set on a row not loaded would not count as changed.
    had_months = section.review_months
    section.min_approvals, section.separate_publisher = min_approvals, separate_publisher
    section.approver_team_id = approver_team.id if approver_team else None
    section.publisher_team_id = publisher_team.id if publisher_team else None
    section.is_restricted, section.review_months = is_restricted, review_months
    before, after = changes(section)
    if not before and not after:
        return
    audit.record(Event.SECTION_CHANGED, section, actor=actor, before=before, after=after)
    db.session.flush()
    if had_months != review_months:
        within = [section.id, *ids_below(section.id)]
        articles = sa.select(Article).where(Article.section_id.in_(within), Article.state.in_(READABLE_STATES))
        set_due_dates(db.session.scalars(articles.options(selectinload(Article.tags))).all())


def remove_section(section: Section, *, actor: Actor | None) -> None:
    """Remove a section in which nothing lies.

    Raises:
        SectionInUse: articles, also retired ones, or other sections lie in it.
    """
    articles = db.session.scalar(sa.select(sa.func.count(Article.id)).where(Article.section_id == section.id)) or 0
    if articles or section.children:
        raise SectionInUse(
            gettext(
                "“%(name)s” still holds %(articles)d articles and %(sections)d sections. Move them first.",
                name=section.name,
                articles=articles,
                sections=len(section.children),
            )
        )
    audit.record(Event.SECTION_REMOVED, section, actor=actor, before={"name": section.name, "slug": section.slug})
    db.session.delete(section)
    db.session.flush()


def ensure_section(path: tuple[str, ...], *, actor: Actor | None, audience: tuple[str, ...] = ()) -> Section:
    """Return the section of this path of names, making those that are missing; new ones get ``audience``."""
    section: Section | None = None
    for name in path[:DEEPEST]:
        parent = section
        section = _child_called(name, parent)
        if section is None:
            section = create_section(name, actor=actor, parent=parent, audience=audience if parent is None else ())
    if section is None:
        raise ValueError("A path of sections has at least one name.")
    return section


def ancestors(section: Section) -> list[Section]:
    """Return the sections above, the top first."""
    found: list[Section] = []
    above = section.parent
    while above is not None and above not in found:
        found.insert(0, above)
        above = above.parent
    return found


def _child_called(name: str, parent: Section | None) -> Section | None:
    wanted = " ".join(name.split())[:120].lower()
    query = sa.select(Section).where(
        sa.func.lower(Section.name) == wanted, Section.parent_id == (parent.id if parent else None)
    )
    return db.session.scalars(query.order_by(Section.id).limit(1)).first()


def _free_slug(name: str, parent: Section | None) -> str:
    base = slugified(name)
    taken = set(db.session.scalars(sa.select(Section.slug).where(Section.slug.startswith(base, autoescape=True))))
    if base not in taken and f"{base}" != "new":
        return base
    if parent is not None and (longer := f"{parent.slug}-{base}"[:110]) not in taken | _taken(
        f"{parent.slug}-{base}"[:110]
    ):
        return longer
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def _taken(slug: str) -> set[str]:
    return set(db.session.scalars(sa.select(Section.slug).where(Section.slug == slug)))


def _apply_audience(section: Section) -> None:
    wrong = [token for token in section.audience if not is_token(token)]
    if wrong:
        raise UnknownAudience(gettext("“%(token)s” names no audience.", token=wrong[0]))
    above = section.parent.tokens if section.parent else frozenset({PUBLIC})
    tokens = narrowed(section.audience, above) if section.audience else above
    if not tokens:
        raise NobodyMayRead(
            gettext(
                "Nobody could read “%(name)s”: the section above is for others. Choose an audience within it.",
                name=section.name,
            )
        )
    section.audiences = [SectionAudience(token=token) for token in sorted(tokens)]


def _apply_audience_below(section: Section) -> None:
    # The old tokens must be gone before the same ones are written again.
    section.audiences.clear()
    db.session.flush()
    _apply_audience(section)
    db.session.flush()
    for article in db.session.scalars(sa.select(Article).where(Article.section_id == section.id)):
        apply_audience(article)
        queue_search_change(article.id)
    for child in db.session.scalars(sa.select(Section).where(Section.parent_id == section.id)):
        _apply_audience_below(child)
