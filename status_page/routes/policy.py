"""The rules of the page, and prepared texts."""

from collections.abc import Sequence

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.texts import gettext
from portal.core.web import commits, page, see_other
from portal.directory.api import signed_in_user
from status_page.enums import Permission, SecondCheck
from status_page.forms.components import TemplateForm, policy_form, template_form
from status_page.models import UpdateTemplate
from status_page.queries import get_page, get_template, list_components, list_templates
from status_page.routes.blueprint import bp
from status_page.routes.showing import Preview, template_preview, words_for
from status_page.services import templates as service
from status_page.services.components import key_from
from status_page.services.page import change_policy


@bp.get("/status/manage/rules")
@requires(Permission.MANAGE_POLICY)
def rules() -> ResponseReturnValue:
    return page("status_page/manage/rules.html", "form", form=policy_form(get_page()))


@bp.post("/status/manage/rules")
@requires(Permission.MANAGE_POLICY)
@commits
def save_rules() -> ResponseReturnValue:
    form = policy_form(get_page())
    if form.validate():
        values = {name: value for name, value in form.data.items() if name != "csrf_token"}
        values["second_check"] = SecondCheck(values["second_check"])
        change_policy(actor=signed_in_user(), **values)
        flash(gettext("The rules are saved."), "success")
        return see_other("status_page.rules")
    return page("status_page/manage/rules.html", "form", status=422, form=form)


@bp.get("/status/manage/templates")
@requires(Permission.COMMUNICATE)
def templates() -> ResponseReturnValue:
    return page("status_page/manage/templates.html", "list", templates=list_templates())


@bp.get("/status/manage/templates/new")
@requires(Permission.COMMUNICATE)
def new_template() -> ResponseReturnValue:
    return _template(template_form(), None)


@bp.post("/status/manage/templates/new")
@requires(Permission.COMMUNICATE)
@commits
def create_template() -> ResponseReturnValue:
    form = template_form()
    if "preview" in request.form:
        return _template(form, None, preview=_preview(form))
    if form.validate():
        try:
            service.create_template(actor=signed_in_user(), key=key_from(form.name.data or ""), **form.values())
        except Refused as refusal:
            form.name.errors = [refusal.sentence]
        else:
            return see_other("status_page.templates")
    return _template(form, None, status=422)


@bp.get("/status/manage/templates/<int:template_id>")
@requires(Permission.COMMUNICATE)
def template(template_id: int) -> ResponseReturnValue:
    row = get_template(template_id)
    return _template(template_form(row), row)


@bp.post("/status/manage/templates/<int:template_id>")
@requires(Permission.COMMUNICATE)
@commits
def change_template(template_id: int) -> ResponseReturnValue:
    row, form = get_template(template_id), template_form()
    if "preview" in request.form:
        return _template(form, row, preview=_preview(form))
    if form.validate():
        service.change_template(row, actor=signed_in_user(), **form.values())
        return see_other("status_page.templates")
    return _template(form, row, status=422)


@bp.post("/status/manage/templates/<int:template_id>/remove")
@requires(Permission.COMMUNICATE)
@commits
def remove_template(template_id: int) -> ResponseReturnValue:
    service.remove_template(get_template(template_id), actor=signed_in_user())
    return see_other("status_page.templates")


def _template(
    form: TemplateForm, row: UpdateTemplate | None, *, status: int = 200, preview: Sequence[Preview] = ()
) -> ResponseReturnValue:
    return page(
        "status_page/manage/template.html",
        "form",
        status=status,
        form=form,
        prepared=row,
        preview=preview,
        **words_for(None, str(get_locale())),
    )


def _preview(form: TemplateForm) -> list[Preview]:
    """Show the text with an example in the place of each variable that is known when it is used."""
    return template_preview(form, service=next((item.name for item in list_components()), gettext("Mail")))
