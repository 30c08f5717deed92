"""What stands on the page: components, groups, states by hand, dependencies."""

from flask import abort, flash
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from portal.core.auth import requires
from portal.core.db import db
from portal.core.errors import Refused
from portal.core.texts import gettext
from portal.core.web import commits, page, see_other
from portal.directory.api import signed_in_user
from status_page.board import build_whole_board
from status_page.enums import ComponentState, Effect, Permission
from status_page.forms.components import (
    ComponentForm,
    GroupForm,
    component_form,
    dependency_form,
    override_form,
    state_form,
)
from status_page.models import Component, ComponentDependency, ComponentGroup
from status_page.queries import get_component, list_components
from status_page.routes.blueprint import bp
from status_page.routes.showing import words_for
from status_page.services import components as service
from status_page.services.dependencies import add_dependency, remove_dependency


@bp.get("/status/manage/components")
@requires(Permission.MANAGE_COMPONENTS)
def components() -> ResponseReturnValue:
    board = build_whole_board()
    return page("status_page/manage/components.html", "list", board=board, **words_for(board, str(get_locale())))


@bp.get("/status/manage/components/new")
@requires(Permission.MANAGE_COMPONENTS)
def new_component() -> ResponseReturnValue:
    return page("status_page/manage/component_form.html", "form", form=component_form(), component=None)


@bp.post("/status/manage/components/new")
@requires(Permission.MANAGE_COMPONENTS)
@commits
def create_component() -> ResponseReturnValue:
    form = component_form()
    if form.validate():
        try:
            component = service.create_component(
                actor=signed_in_user(), audience=form.audience.data or (), key=form.key.data, **form.values()
            )
        except Refused as refusal:
            form.key.errors = [refusal.sentence]
        else:
            flash(gettext("“%(name)s” is on the page.", name=component.name), "success")
            return see_other("status_page.component", component_id=component.id)
    return page("status_page/manage/component_form.html", "form", status=422, form=form, component=None)


@bp.get("/status/manage/components/<int:component_id>")
@requires(Permission.MANAGE_COMPONENTS)
def component(component_id: int) -> ResponseReturnValue:
    return _component(get_component(component_id))


@bp.post("/status/manage/components/<int:component_id>")
@requires(Permission.MANAGE_COMPONENTS)
@commits
def change_component(component_id: int) -> ResponseReturnValue:
    row = get_component(component_id)
    form = component_form(row)
    if form.validate():
        try:
            service.change_component(
                row,
                actor=signed_in_user(),
                audience=form.audience.data,
                key=form.key.data or row.key,
                **form.values(),
            )
        except Refused as refusal:
            form.key.errors = [refusal.sentence]
        else:
            flash(gettext("“%(name)s” is saved.", name=row.name), "success")
            return see_other("status_page.component", component_id=row.id)
    return _component(row, form, status=422)


@bp.post("/status/manage/components/<int:component_id>/state")
@requires(Permission.MANAGE_COMPONENTS)
@commits
def set_state(component_id: int) -> ResponseReturnValue:
    row, form = get_component(component_id), state_form()
    if not form.validate():
        abort(422)
    service.set_own_state(row, ComponentState(form.state.data), actor=signed_in_user(), reason=form.reason.data or "")
    flash(gettext("The state of “%(name)s” is set.", name=row.name), "success")
    return see_other("status_page.component", component_id=row.id)


@bp.post("/status/manage/components/<int:component_id>/override")
@requires(Permission.MANAGE_COMPONENTS)
@commits
def override(component_id: int) -> ResponseReturnValue:
    row, form = get_component(component_id), override_form()
    if not form.validate():
        abort(422)
    service.override_state(
        row,
        ComponentState(form.state.data),
        actor=signed_in_user(),
        reason=form.reason.data or "",
        until=form.until.data,
    )
    flash(gettext("“%(name)s” shows what you chose.", name=row.name), "success")
    return see_other("status_page.component", component_id=row.id)


@bp.post("/status/manage/components/<int:component_id>/release")
@requires(Permission.MANAGE_COMPONENTS)
@commits
def release(component_id: int) -> ResponseReturnValue:
    row = get_component(component_id)
    service.release_override(row, actor=signed_in_user())
    flash(gettext("The state of “%(name)s” follows its reasons again.", name=row.name), "success")
    return see_other("status_page.component", component_id=row.id)


@bp.post("/status/manage/components/<int:component_id>/dependencies")
@requires(Permission.MANAGE_COMPONENTS)
@commits
def add_need(component_id: int) -> ResponseReturnValue:
    row = get_component(component_id)
    form = dependency_form(row, list(list_components()))
    if not form.validate():
        abort(422)
    needs = get_component(int(form.needs_id.data))
    add_dependency(row, needs, actor=signed_in_user(), effect=Effect(form.effect.data))
    return see_other("status_page.component", component_id=row.id)


@bp.post("/status/manage/components/<int:component_id>/dependencies/<int:needs_id>/remove")
@requires(Permission.MANAGE_COMPONENTS)
@commits
def remove_need(component_id: int, needs_id: int) -> ResponseReturnValue:
    found = db.session.get(ComponentDependency, (component_id, needs_id)) or abort(404)
    remove_dependency(found, actor=signed_in_user())
    return see_other("status_page.component", component_id=component_id)


@bp.post("/status/manage/components/<int:component_id>/remove")
@requires(Permission.MANAGE_COMPONENTS)
@commits
def remove_component(component_id: int) -> ResponseReturnValue:
    row = get_component(component_id)
    service.remove_component(row, actor=signed_in_user())
    flash(gettext("“%(name)s” is off the page.", name=row.name), "success")
    return see_other("status_page.components")


@bp.get("/status/manage/groups/new")
@requires(Permission.MANAGE_COMPONENTS)
def new_group() -> ResponseReturnValue:
    return page("status_page/manage/group.html", "form", form=GroupForm(), group=None)


@bp.post("/status/manage/groups/new")
@requires(Permission.MANAGE_COMPONENTS)
@commits
def create_group() -> ResponseReturnValue:
    form = GroupForm()
    if form.validate():
        try:
            service.create_group(actor=signed_in_user(), **form.values())
        except Refused as refusal:
            form.name.errors = [refusal.sentence]
        else:
            return see_other("status_page.components")
    return page("status_page/manage/group.html", "form", status=422, form=form, group=None)


@bp.get("/status/manage/groups/<int:group_id>")
@requires(Permission.MANAGE_COMPONENTS)
def group(group_id: int) -> ResponseReturnValue:
    row = db.session.get(ComponentGroup, group_id) or abort(404)
    form = GroupForm(obj=row, data={"name_de": row.translations.get("de", {}).get("name", "")})
    return page("status_page/manage/group.html", "form", form=form, group=row)


@bp.post("/status/manage/groups/<int:group_id>")
@requires(Permission.MANAGE_COMPONENTS)
@commits
def change_group(group_id: int) -> ResponseReturnValue:
    row, form = db.session.get(ComponentGroup, group_id) or abort(404), GroupForm()
    if form.validate():
        service.change_group(row, actor=signed_in_user(), **form.values())
        return see_other("status_page.components")
    return page("status_page/manage/group.html", "form", status=422, form=form, group=row)


def _component(row: Component, form: ComponentForm | None = None, *, status: int = 200) -> ResponseReturnValue:
    board = build_whole_board()
    others = list(list_components())
    return page(
        "status_page/manage/component.html",
        "form",
        status=status,
        component=row,
        now=next(item for item in board.components if item.row.id == row.id),
        form=form or component_form(row),
        state_form=state_form(),
        override_form=override_form(),
        dependency_form=dependency_form(row, others),
        names={other.id: other.internal_name or other.name for other in others},
        **words_for(None, str(get_locale())),
    )
