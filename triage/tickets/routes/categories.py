"""The tree of categories, for administrators."""

from typing import Any

from flask import flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.web import commits, page, see_other
from triage.tickets import forms, queries, services
from triage.tickets.enums import Permission
from triage.tickets.models import Category
from triage.tickets.routes.blueprint import bp


@bp.get("/admin/categories")
@requires(Permission.CATEGORY_MANAGE)
def categories() -> ResponseReturnValue:
    return page("tickets/categories.html", categories=queries.list_categories(with_retired=True))


@bp.get("/admin/categories/new")
@requires(Permission.CATEGORY_MANAGE)
def new_category() -> ResponseReturnValue:
    return _category_page(_form(None), None)


@bp.post("/admin/categories/new")
@requires(Permission.CATEGORY_MANAGE)
@commits
def create_category() -> ResponseReturnValue:
    form = _form(None)
    if form.validate():
        try:
            category = services.create_category(
                actor=current_user, key=forms.text_of(form.key).strip(), **_common(form)
            )
        except Refused as refusal:
            form.key.errors = [str(refusal)]
        else:
            flash(gettext("The category “%(name)s” is there.", name=category.name), "success")
            return see_other("tickets.categories")
    return _category_page(form, None, status=422)


@bp.get("/admin/categories/<int:category_id>")
@requires(Permission.CATEGORY_MANAGE)
def category(category_id: int) -> ResponseReturnValue:
    found = queries.get_category(category_id)
    return _category_page(_form(found), found)


@bp.post("/admin/categories/<int:category_id>")
@requires(Permission.CATEGORY_MANAGE)
@commits
def change_category(category_id: int) -> ResponseReturnValue:
    found = queries.get_category(category_id)
    form = _form(found)
    if form.validate():
        try:
            services.change_category(found, actor=current_user, is_active=form.state.data == "active", **_common(form))
        except Refused as refusal:
            form.parent.errors = [str(refusal)]
        else:
            flash(gettext("Saved."), "success")
            return see_other("tickets.categories")
    return _category_page(form, found, status=422)


def _category_page(form: forms.CategoryForm, found: Category | None, *, status: int = 200) -> ResponseReturnValue:
    return page("tickets/category.html", status=status, form=form, category=found)


def _form(found: Category | None) -> forms.CategoryForm:
    german = found.translations.get("de", {}) if found else {}
    values: dict[str, Any] = {}
    if found is not None:
        values = {
            "key": found.key,
            "name": found.name,
            "name_de": german.get("name", ""),
            "description": found.description,
            "description_de": german.get("description", ""),
            "parent": found.parent_id or "",
            "service": found.service_id or "",
            "keywords": "\n".join(found.keywords),
            "state": "active" if found.is_active else "retired",
        }
    form = forms.CategoryForm(**values)
    if found is not None:
        # The key of a category that exists is shown and not taken from the form.
        form.key.data = found.key
        form.key.validators = []
    others = [row for row in queries.list_categories(with_retired=True) if found is None or row.id != found.id]
    form.parent.choices = forms.choices_of(others, gettext("Nothing, it is at the top"))
    form.service.choices = forms.choices_of(queries.list_services(), gettext("None"))
    return form


def _common(form: forms.CategoryForm) -> dict[str, Any]:
    german = {"name": form.name_de.data or "", "description": form.description_de.data or ""}
    return {
        "name": form.name.data,
        "description": form.description.data or "",
        "parent": forms.chosen_row(form.parent, queries.list_categories(with_retired=True)),
        "service": forms.chosen_row(form.service, queries.list_services()),
        "keywords": (form.keywords.data or "").replace(",", "\n").splitlines(),
        "translations": {"de": {name: value.strip() for name, value in german.items()}} if any(german.values()) else {},
    }
