"""People: found, made, changed, closed and opened again."""

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal.core import clock
from portal.core.auth import requires
from portal.core.db import db
from portal.core.errors import NotAllowed, Refused
from portal.core.web import commits, page, paginate, see_other, sort_choice
from portal.core.web.forms import put_refusal
from portal.core.web.numbers import row_number
from portal.directory import passwords
from portal.directory.enums import Permission
from portal.directory.forms.administration import NewPersonForm, PersonForm, ReasonForm, SetPasswordForm
from portal.directory.models import User
from portal.directory.permissions import can_manage_account
from portal.directory.queries.people import get_person, people_by
from portal.directory.queries.rights import list_roles
from portal.directory.queries.teams import list_teams
from portal.directory.routes.admin.blueprint import bp, trail
from portal.directory.routes.form_page import form_page
from portal.directory.services import accounts, password_change
from portal.directory.session import signed_in_user

SORTS = {"name": User.display_name, "username": User.username, "signed-in": User.last_sign_in_at}


def managed_person(user_id: int) -> User:
    """Return an account the person may change; raises ``NotAllowed`` when it may do more than that person."""
    person = get_person(user_id)
    if not can_manage_account(signed_in_user(), person):
        raise NotAllowed(gettext("This account has rights that you do not have. Ask an administrator to change it."))
    return person


def people_trail(person: User | None = None) -> list[tuple[str, str]]:
    way = trail((gettext("People"), url_for("admin.people")))
    return [*way, (person.display_name, url_for("admin.person", user_id=person.id))] if person else way


@bp.get("/people")
@requires(Permission.PEOPLE_READ)
def people() -> ResponseReturnValue:
    filters = {name: request.args.get(name, "").strip() for name in ("q", "state", "role", "team")}
    team_id = row_number(filters["team"])
    query = people_by(text=filters["q"], state=filters["state"], role_key=filters["role"], team_id=team_id)
    sort, order = sort_choice(SORTS, default="name")
    return page(
        "directory/admin/people.html",
        "list",
        people=paginate(query.order_by(*order, User.id)),
        filters=filters,
        sort=sort,
        roles=[role for role in list_roles() if not role.is_default],
        teams=list_teams(with_closed=True),
        now=clock.now(),
    )


@bp.get("/people/<int:user_id>")
@requires(Permission.PEOPLE_READ)
def person(user_id: int) -> ResponseReturnValue:
    found = get_person(user_id)
    return page(
        "directory/admin/person.html",
        person=found,
        may_manage=can_manage_account(signed_in_user(), found),
        may_grant=current_user.can_everywhere(Permission.ROLE_MANAGE),
        is_paused=found.locked_until is not None and found.locked_until > clock.now(),
    )


def _new_page(form: NewPersonForm) -> ResponseReturnValue:
    return form_page(
        form,
        title=gettext("Add a person"),
        submit=gettext("Add person"),
        cancel=url_for("admin.people"),
        trail=people_trail(),
    )


@bp.get("/people/new")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
def new_person() -> ResponseReturnValue:
    return _new_page(NewPersonForm(locale=current_user.locale, time_zone=current_user.time_zone))


@bp.post("/people/new")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
@commits
def create_person() -> ResponseReturnValue:
    form = NewPersonForm()
    if form.validate():
        try:
            secret = _chosen(form, username=form.username.data or "", email=form.email.data or "")
            person = accounts.create_user(
                form.username.data or "",
                email=form.email.data or "",
                display_name=form.display_name.data or "",
                locale=form.locale.data,
                time_zone=form.time_zone.data,
                password=secret,
                must_change_password=secret is not None,
                actor=signed_in_user(),
            )
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("%(person)s is added. Give roles and teams next.", person=person.display_name), "success")
            return see_other("admin.person", user_id=person.id)
    return _new_page(form)


def _edit_page(form: PersonForm, person: User) -> ResponseReturnValue:
    return form_page(
        form,
        title=gettext("Change names and address"),
        submit=gettext("Save person"),
        cancel=url_for("admin.person", user_id=person.id),
        trail=people_trail(person),
    )


@bp.get("/people/<int:user_id>/edit")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
def edit_person(user_id: int) -> ResponseReturnValue:
    person = managed_person(user_id)
    return _edit_page(PersonForm(obj=person), person)


@bp.post("/people/<int:user_id>/edit")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
@commits
def change_person(user_id: int) -> ResponseReturnValue:
    person, form = managed_person(user_id), PersonForm()
    if form.validate():
        try:
            accounts.change_user(
                person,
                username=form.username.data or "",
                email=form.email.data or "",
                display_name=form.display_name.data or "",
                actor=signed_in_user(),
            )
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("%(person)s is saved.", person=person.display_name), "success")
            return see_other("admin.person", user_id=person.id)
    return _edit_page(form, person)


def _password_page(form: SetPasswordForm, person: User) -> ResponseReturnValue:
    return form_page(
        form,
        title=gettext("Set a password for %(person)s", person=person.display_name),
        lede=gettext("Every session of this person ends. Tell the password by a way that only the person can read."),
        submit=gettext("Set password"),
        cancel=url_for("admin.person", user_id=person.id),
        trail=people_trail(person),
    )


@bp.get("/people/<int:user_id>/password")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
def edit_password(user_id: int) -> ResponseReturnValue:
    return _password_page(SetPasswordForm(), managed_person(user_id))


@bp.post("/people/<int:user_id>/password")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
@commits
def set_password(user_id: int) -> ResponseReturnValue:
    person, form = managed_person(user_id), SetPasswordForm()
    if form.validate():
        try:
            secret = _chosen(form, username=person.username, email=person.email)
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            assert secret
            person = managed_person(user_id)
            password_change.set_password(
                person, password=secret, must_change=form.must_change.data, actor=signed_in_user()
            )
            flash(gettext("The password of %(person)s is set.", person=person.display_name), "success")
            return see_other("admin.person", user_id=person.id)
    return _password_page(form, person)


def _deactivate_page(form: ReasonForm, person: User) -> ResponseReturnValue:
    return form_page(
        form,
        title=gettext("Close the account of %(person)s?", person=person.display_name),
        lede=gettext(
            "The person is signed out at once everywhere and can no longer sign in. What the person wrote stays. "
            "You can open the account again."
        ),
        submit=gettext("Close account"),
        cancel=url_for("admin.person", user_id=person.id),
        trail=people_trail(person),
        dangerous=True,
    )


@bp.get("/people/<int:user_id>/deactivate")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
def confirm_deactivation(user_id: int) -> ResponseReturnValue:
    return _deactivate_page(ReasonForm(), managed_person(user_id))


@bp.post("/people/<int:user_id>/deactivate")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
@commits
def deactivate_person(user_id: int) -> ResponseReturnValue:
    person, form = managed_person(user_id), ReasonForm()
    if form.validate():
        try:
            accounts.deactivate_user(person, actor=signed_in_user(), reason=form.reason.data or "")
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("The account of %(person)s is closed.", person=person.display_name), "success")
            return see_other("admin.person", user_id=person.id)
    return _deactivate_page(form, person)


@bp.post("/people/<int:user_id>/reactivate")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
@commits
def reactivate_person(user_id: int) -> ResponseReturnValue:
    person = managed_person(user_id)
    accounts.reactivate_user(person, actor=signed_in_user())
    flash(gettext("The account of %(person)s is open again.", person=person.display_name), "success")
    return see_other("admin.person", user_id=person.id)


@bp.post("/people/<int:user_id>/unlock")
@requires(Permission.PEOPLE_MANAGE, everywhere=True)
@commits
def unlock_person(user_id: int) -> ResponseReturnValue:
    person = managed_person(user_id)
    accounts.unlock_user(person, actor=signed_in_user())
    flash(gettext("%(person)s may sign in again.", person=person.display_name), "success")
    return see_other("admin.person", user_id=person.id)


def _chosen(form: NewPersonForm | SetPasswordForm, *, username: str, email: str) -> passwords.NewPassword | None:
    if not form.password.data:
        return None
    # Hashing takes its time; the place among the writers is given up meanwhile.
    db.session.rollback()
    try:
        return passwords.choose(form.password.data, username=username, email=email)
    except passwords.PasswordRefused as refusal:
        refusal.field = "password"
        raise
