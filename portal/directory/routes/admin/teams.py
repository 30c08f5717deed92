"""Teams and their members."""

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.web import commits, page, see_other
from portal.core.web.forms import put_refusal
from portal.directory.enums import Permission
from portal.directory.forms.administration import ChangeTeamForm, MemberForm, NewMemberForm, NewTeamForm, TeamForm
from portal.directory.models import BusinessCalendar, Membership, Team
from portal.directory.queries.people import find_user
from portal.directory.queries.teams import (
    get_calendar,
    get_membership,
    get_team,
    list_services_of,
    list_teams_with_counts,
)
from portal.directory.routes.admin.blueprint import bp, trail
from portal.directory.routes.form_page import form_page
from portal.directory.services import teams as services
from portal.directory.session import signed_in_user


def team_trail(team: Team | None = None) -> list[tuple[str, str]]:
    way = trail((gettext("Teams"), url_for("admin.teams")))
    return [*way, (team.name, url_for("admin.team", team_id=team.id))] if team else way


def _calendar(form: TeamForm) -> BusinessCalendar | None:
    return get_calendar(int(form.calendar.data)) if form.calendar.data else None


@bp.get("/teams")
@requires(Permission.PEOPLE_READ)
def teams() -> ResponseReturnValue:
    may_manage = current_user.can_everywhere(Permission.PEOPLE_MANAGE)
    return page("directory/admin/teams.html", teams=list_teams_with_counts(), may_manage=may_manage)


@bp.get("/teams/<int:team_id>")
@requires(Permission.PEOPLE_READ)
def team(team_id: int) -> ResponseReturnValue:
    found = get_team(team_id)
    return page(
        "directory/admin/team.html",
        team=found,
        members=sorted(found.memberships, key=lambda item: (not item.is_lead, item.user.display_name)),
        services=list_services_of(team_id),
        may_manage=current_user.can_everywhere(Permission.PEOPLE_MANAGE),
    )


def _new_page(form: NewTeamForm) -> ResponseReturnValue:
    return form_page(
        form,
        title=gettext("Add a team"),
        submit=gettext("Add team"),
        cancel=url_for("admin.teams"),
        trail=team_trail(),
    )


@bp.get("/teams/new")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
def new_team() -> ResponseReturnValue:
    return _new_page(NewTeamForm())


@bp.post("/teams/new")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
@commits
def create_team() -> ResponseReturnValue:
    form = NewTeamForm()
    if form.validate():
        try:
            team = services.create_team(
                form.key.data or "",
                name=form.name.data or "",
                description=form.description.data or "",
                calendar=_calendar(form),
                actor=signed_in_user(),
            )
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("The team %(team)s is added.", team=team.name), "success")
            return see_other("admin.team", team_id=team.id)
    return _new_page(form)


def _edit_page(form: ChangeTeamForm, team: Team) -> ResponseReturnValue:
    return form_page(
        form,
        title=gettext("Change the team"),
        submit=gettext("Save team"),
        cancel=url_for("admin.team", team_id=team.id),
        trail=team_trail(team),
    )


@bp.get("/teams/<int:team_id>/edit")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
def edit_team(team_id: int) -> ResponseReturnValue:
    team = get_team(team_id)
    data = {"calendar": str(team.calendar_id or "")}
    return _edit_page(
        ChangeTeamForm(data=data | {name: getattr(team, name) for name in ("name", "description", "is_active")}), team
    )


@bp.post("/teams/<int:team_id>/edit")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
@commits
def change_team(team_id: int) -> ResponseReturnValue:
    team, form = get_team(team_id), ChangeTeamForm()
    if form.validate():
        try:
            services.change_team(
                team,
                name=form.name.data or "",
                description=form.description.data or "",
                calendar=_calendar(form),
                is_active=form.is_active.data,
                actor=signed_in_user(),
            )
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("The team %(team)s is saved.", team=team.name), "success")
            return see_other("admin.team", team_id=team.id)
    return _edit_page(form, team)


def _tier(form: MemberForm) -> int | None:
    return int(form.tier.data) if form.tier.data else None


def _new_member_page(form: NewMemberForm, team: Team) -> ResponseReturnValue:
    return form_page(
        form,
        title=gettext("Add a member to %(team)s", team=team.name),
        submit=gettext("Add member"),
        cancel=url_for("admin.team", team_id=team.id),
        trail=team_trail(team),
    )


@bp.get("/teams/<int:team_id>/members/new")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
def new_member(team_id: int) -> ResponseReturnValue:
    return _new_member_page(NewMemberForm(), get_team(team_id))


@bp.post("/teams/<int:team_id>/members/new")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
@commits
def add_member(team_id: int) -> ResponseReturnValue:
    team, form = get_team(team_id), NewMemberForm()
    if form.validate():
        try:
            person = find_user(form.person.data or "")
            services.refuse_unknown(person)
            assert person
            services.add_member(team, person, tier=_tier(form), is_lead=form.is_lead.data, actor=signed_in_user())
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("%(person)s is in the team now.", person=person.display_name), "success")
            return see_other("admin.team", team_id=team.id)
    return _new_member_page(form, team)


def _member_page(form: MemberForm, membership: Membership) -> ResponseReturnValue:
    return form_page(
        form,
        title=gettext(
            "%(person)s in the team %(team)s", person=membership.user.display_name, team=membership.team.name
        ),
        submit=gettext("Save member"),
        cancel=url_for("admin.team", team_id=membership.team_id),
        trail=team_trail(membership.team),
        template="directory/admin/member.html",
        membership=membership,
    )


@bp.get("/teams/<int:team_id>/members/<int:user_id>")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
def edit_member(team_id: int, user_id: int) -> ResponseReturnValue:
    membership = get_membership(team_id, user_id)
    form = MemberForm(data={"tier": str(membership.tier or ""), "is_lead": membership.is_lead})
    return _member_page(form, membership)


@bp.post("/teams/<int:team_id>/members/<int:user_id>")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
@commits
def change_member(team_id: int, user_id: int) -> ResponseReturnValue:
    membership, form = get_membership(team_id, user_id), MemberForm()
    if form.validate():
        services.change_member(membership, tier=_tier(form), is_lead=form.is_lead.data, actor=signed_in_user())
        flash(gettext("The member is saved."), "success")
        return see_other("admin.team", team_id=team_id)
    return _member_page(form, membership)


@bp.post("/teams/<int:team_id>/members/<int:user_id>/remove")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
@commits
def remove_member(team_id: int, user_id: int) -> ResponseReturnValue:
    membership = get_membership(team_id, user_id)
    name = membership.user.display_name
    services.remove_member(membership, actor=signed_in_user())
    flash(gettext("%(person)s is no longer in the team.", person=name), "success")
    return see_other("admin.team", team_id=team_id)
