"""Roles and what they may."""

from flask import current_app, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.feature import registered_features
from portal.core.web import commits, page, see_other
from portal.core.web.choices import SelectChoice
from portal.core.web.forms import put_refusal
from portal.directory.enums import Permission
from portal.directory.forms.administration import EmptyForm, NewRoleForm, RoleForm
from portal.directory.models import Role
from portal.directory.queries.rights import get_role, list_roles_with_holders
from portal.directory.routes.admin.blueprint import bp, trail
from portal.directory.routes.form_page import form_page
from portal.directory.services import roles as services
from portal.directory.session import signed_in_user


def role_trail() -> list[tuple[str, str]]:
    return trail((gettext("Roles"), url_for("admin.roles")))


def _permission_groups() -> list[tuple[str, list[str]]]:
    """Return the permissions of every feature, in the order the application lists the features."""
    features = registered_features(current_app)
    return [
        (feature.name.replace("_", " "), [str(item) for item in feature.permissions])
        for feature in features
        if feature.permissions
    ]


def _offer_permissions(form: RoleForm) -> RoleForm:
    form.permissions.choices = [SelectChoice(name) for _, names in _permission_groups() for name in names]
    return form


def _role_page(form: RoleForm, **values: str) -> ResponseReturnValue:
    return form_page(
        form,
        template="directory/admin/role.html",
        cancel=url_for("admin.roles"),
        trail=role_trail(),
        groups=_permission_groups(),
        chosen=set(form.permissions.data or ()),
        **values,  # type: ignore[arg-type]
    )


def _edit_page(form: RoleForm, role: Role) -> ResponseReturnValue:
    lede = gettext("Everyone has this role.") if role.is_default else ""
    return _role_page(form, title=role.shown_name, submit=gettext("Save role"), lede=lede)


@bp.get("/roles")
@requires(Permission.ROLE_MANAGE, everywhere=True)
def roles() -> ResponseReturnValue:
    return page("directory/admin/roles.html", roles=list_roles_with_holders())


@bp.get("/roles/new")
@requires(Permission.ROLE_MANAGE, everywhere=True)
def new_role() -> ResponseReturnValue:
    return _role_page(_offer_permissions(NewRoleForm()), title=gettext("Add a role"), submit=gettext("Add role"))


@bp.post("/roles/new")
@requires(Permission.ROLE_MANAGE, everywhere=True)
@commits
def create_role() -> ResponseReturnValue:
    form = _offer_permissions(NewRoleForm())
    assert isinstance(form, NewRoleForm)
    if form.validate():
        try:
            role = services.create_role(
                form.key.data or "",
                name=form.name.data or "",
                description=form.description.data or "",
                permissions=form.permissions.data or (),
                actor=signed_in_user(),
            )
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("The role “%(role)s” is added.", role=role.shown_name), "success")
            return see_other("admin.roles")
    return _role_page(form, title=gettext("Add a role"), submit=gettext("Add role"))


@bp.get("/roles/<int:role_id>")
@requires(Permission.ROLE_MANAGE, everywhere=True)
def edit_role(role_id: int) -> ResponseReturnValue:
    role = get_role(role_id)
    held = [item.permission for item in role.permissions]
    form = RoleForm(data={"name": role.name, "description": role.description, "permissions": held})
    return _edit_page(_offer_permissions(form), role)


@bp.post("/roles/<int:role_id>")
@requires(Permission.ROLE_MANAGE, everywhere=True)
@commits
def change_role(role_id: int) -> ResponseReturnValue:
    role, form = get_role(role_id), _offer_permissions(RoleForm())
    if form.validate():
        try:
            services.change_role(
                role,
                name=form.name.data or "",
                description=form.description.data or "",
                permissions=form.permissions.data or (),
                actor=signed_in_user(),
            )
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("The role “%(role)s” is saved.", role=role.shown_name), "success")
            return see_other("admin.roles")
    return _edit_page(form, role)


def _delete_page(form: EmptyForm, role: Role) -> ResponseReturnValue:
    return form_page(
        form,
        title=gettext("Delete the role “%(role)s”?", role=role.shown_name),
        lede=gettext("It cannot be brought back; the audit trail keeps what it allowed."),
        submit=gettext("Delete role"),
        cancel=url_for("admin.roles"),
        trail=role_trail(),
        dangerous=True,
    )


@bp.get("/roles/<int:role_id>/delete")
@requires(Permission.ROLE_MANAGE, everywhere=True)
def confirm_deletion(role_id: int) -> ResponseReturnValue:
    return _delete_page(EmptyForm(), get_role(role_id))


@bp.post("/roles/<int:role_id>/delete")
@requires(Permission.ROLE_MANAGE, everywhere=True)
@commits
def delete_role(role_id: int) -> ResponseReturnValue:
    role, form = get_role(role_id), EmptyForm()
    try:
        services.delete_role(role, actor=signed_in_user())
    except Refused as refusal:
        put_refusal(form, refusal)
        return _delete_page(form, role)
    flash(gettext("The role “%(role)s” is deleted.", role=role.shown_name), "success")
    return see_other("admin.roles")
