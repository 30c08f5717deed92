"""Roles and teams of one person."""

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.web import commits, see_other
from portal.core.web.forms import put_refusal
from portal.directory.enums import Permission
from portal.directory.forms.administration import GrantForm, ReasonForm
from portal.directory.models import RoleAssignment, User
from portal.directory.queries.people import get_person
from portal.directory.queries.rights import get_assignment, get_role
from portal.directory.queries.teams import get_team
from portal.directory.routes.admin.blueprint import bp
from portal.directory.routes.admin.people import people_trail
from portal.directory.routes.form_page import form_page
from portal.directory.services.rights import grant_role, withdraw_role
from portal.directory.session import signed_in_user


def _grant_page(form: GrantForm, person: User) -> ResponseReturnValue:
    return form_page(
        form,
        title=gettext("Give %(person)s a role", person=person.display_name),
        submit=gettext("Give role"),
        cancel=url_for("admin.person", user_id=person.id),
        trail=people_trail(person),
    )


@bp.get("/people/<int:user_id>/roles/grant")
@requires(Permission.ROLE_MANAGE, everywhere=True)
def new_grant(user_id: int) -> ResponseReturnValue:
    return _grant_page(GrantForm(), get_person(user_id))


@bp.post("/people/<int:user_id>/roles/grant")
@requires(Permission.ROLE_MANAGE, everywhere=True)
@commits
def grant(user_id: int) -> ResponseReturnValue:
    person, form = get_person(user_id), GrantForm()
    if form.validate():
        role = get_role(int(form.role.data))
        team = get_team(int(form.team.data)) if form.team.data else None
        try:
            grant_role(person, role, team=team, actor=signed_in_user(), reason=form.reason.data or "")
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(
                gettext("%(person)s has the role “%(role)s” now.", person=person.display_name, role=role.shown_name),
                "success",
            )
            return see_other("admin.person", user_id=person.id)
    return _grant_page(form, person)


def _withdraw_page(form: ReasonForm, assignment: RoleAssignment) -> ResponseReturnValue:
    person, role = assignment.user, assignment.role
    return form_page(
        form,
        title=gettext("Withdraw “%(role)s” from %(person)s?", role=role.shown_name, person=person.display_name),
        lede=gettext("The person loses what the role allows with the next page."),
        submit=gettext("Withdraw role"),
        cancel=url_for("admin.person", user_id=person.id),
        trail=people_trail(person),
        dangerous=True,
    )


@bp.get("/people/<int:user_id>/roles/<int:assignment_id>/withdraw")
@requires(Permission.ROLE_MANAGE, everywhere=True)
def confirm_withdrawal(user_id: int, assignment_id: int) -> ResponseReturnValue:
    return _withdraw_page(ReasonForm(), get_assignment(user_id, assignment_id))


@bp.post("/people/<int:user_id>/roles/<int:assignment_id>/withdraw")
@requires(Permission.ROLE_MANAGE, everywhere=True)
@commits
def withdraw(user_id: int, assignment_id: int) -> ResponseReturnValue:
    assignment, form = get_assignment(user_id, assignment_id), ReasonForm()
    if form.validate():
        try:
            withdraw_role(assignment, actor=signed_in_user(), reason=form.reason.data or "")
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("The role is withdrawn."), "success")
            return see_other("admin.person", user_id=user_id)
    return _withdraw_page(form, assignment)
