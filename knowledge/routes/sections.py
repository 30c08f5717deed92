"""Sections for those who manage them: the tree, who answers for it, and what it asks of changes."""

from typing import Any

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from knowledge.enums import Permission
from knowledge.forms import SectionForm
from knowledge.models import Section
from knowledge.queries import sections as queries
from knowledge.routes.blueprint import bp
from knowledge.services import sections
from knowledge.services.policy_effect import PolicyEffect, effect_of_policy
from portal.core.auth import requires
from portal.core.db import db
from portal.core.errors import NotAllowed, Refused
from portal.core.web import commits, page, see_other
from portal.core.web.forms import put_refusal
from portal.directory.api import Team, signed_in_user


@bp.get("/knowledge/sections")
@requires(Permission.SECTION_MANAGE)
def manage_sections() -> ResponseReturnValue:
    return page("knowledge/sections.html", sections=queries.list_managed(signed_in_user()))


@bp.get("/knowledge/sections/new")
@requires(Permission.SECTION_MANAGE)
def new_section() -> ResponseReturnValue:
    return _section_page(None, SectionForm(formdata=None))


@bp.post("/knowledge/sections/new")
@requires(Permission.SECTION_MANAGE)
@commits
def add_section() -> ResponseReturnValue:
    form, user = SectionForm(), signed_in_user()
    if form.validate():
        try:
            facts = _facts(form)
            section = sections.create_section(form.name.data or "", actor=user, **facts)
            sections.set_policy(section, actor=user, **_policy(form))
            flash(gettext("The section “%(name)s” is added.", name=section.name), "success")
            return see_other("knowledge.manage_sections")
        except Refused as refusal:
            put_refusal(form, refusal)
    return _section_page(None, form, status=422)


@bp.get("/knowledge/sections/<int:section_id>")
@requires(Permission.SECTION_MANAGE)
def edit_section(section_id: int) -> ResponseReturnValue:
    section = queries.get_managed(section_id, signed_in_user())
    return _section_page(section, SectionForm.of(section))


@bp.post("/knowledge/sections/<int:section_id>/effect")
@requires(Permission.SECTION_MANAGE)
@commits
def section_effect(section_id: int) -> ResponseReturnValue:
    """What the form would change, shown while it is filled in."""
    section = queries.get_managed(section_id, signed_in_user())
    form = SectionForm(section)
    form.validate()
    return page("knowledge/section_edit.html", "effect", section=section, form=form, effect=_effect(section, form))


@bp.post("/knowledge/sections/<int:section_id>")
@requires(Permission.SECTION_MANAGE)
@commits
def save_section(section_id: int) -> ResponseReturnValue:
    user = signed_in_user()
    section = queries.get_managed(section_id, user, for_change=True)
    form = SectionForm(section)
    if "preview" in request.form:
        form.validate()
        return _section_page(section, form)
    if form.validate():
        try:
            sections.change_section(section, actor=user, name=form.name.data or "", **_facts(form))
            sections.set_policy(section, actor=user, **_policy(form))
            flash(gettext("The section “%(name)s” is saved.", name=section.name), "success")
            return see_other("knowledge.manage_sections")
        except Refused as refusal:
            put_refusal(form, refusal)
            db.session.rollback()
            section = queries.get_managed(section_id, user)
    return _section_page(section, form, status=422)


@bp.post("/knowledge/sections/<int:section_id>/remove")
@requires(Permission.SECTION_MANAGE)
@commits
def remove_section(section_id: int) -> ResponseReturnValue:
    section = queries.get_managed(section_id, signed_in_user(), for_change=True)
    name = section.name
    try:
        sections.remove_section(section, actor=signed_in_user())
    except Refused as refusal:
        form = SectionForm.of(section)
        put_refusal(form, refusal)
        return _section_page(section, form, status=422)
    flash(gettext("The section “%(name)s” is removed.", name=name), "success")
    return see_other("knowledge.manage_sections")


def _section_page(section: Section | None, form: SectionForm, *, status: int = 200) -> ResponseReturnValue:
    effect = _effect(section, form) if section else None
    return page("knowledge/section_edit.html", "form", section=section, form=form, effect=effect, status=status)


def _facts(form: SectionForm) -> dict[str, Any]:
    team, user = _team(form.owner_team_id.data), signed_in_user()
    parent = db.session.get(Section, form.parent_id.data) if form.parent_id.data else None
    if not user.can(Permission.SECTION_MANAGE, team_id=team.id if team else None):
        raise NotAllowed(gettext("You may not make another team answer for a section that you could not manage then."))
    return {
        "parent": parent,
        "owner_team": team,
        "audience": tuple(form.audience.data or ()),
        "description": form.description.data or "",
        "position": form.position.data or 0,
    }


def _policy(form: SectionForm) -> dict[str, Any]:
    return {
        "min_approvals": form.min_approvals.data,
        "separate_publisher": bool(form.separate_publisher.data),
        "approver_team": _team(form.approver_team_id.data),
        "publisher_team": _team(form.publisher_team_id.data),
        "is_restricted": bool(form.is_restricted.data),
        "review_months": form.review_months.data,
    }


def _effect(section: Section, form: SectionForm) -> PolicyEffect:
    return effect_of_policy(
        section,
        min_approvals=form.min_approvals.data,
        approver_team_id=form.approver_team_id.data or None,
        publisher_team_id=form.publisher_team_id.data or None,
        owner_team_id=form.owner_team_id.data or None,
        audience=form.audience.data or (),
        review_months=form.review_months.data,
    )


def _team(team_id: int | None) -> Team | None:
    return db.session.get(Team, team_id) if team_id else None
