"""What an administrator sets for the desk: the priority matrix, the default team, the time to open again."""

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_login import current_user

from portal.core.auth import requires
from portal.core.web import commits, page, see_other
from triage.tickets import forms, queries, services
from triage.tickets.enums import Impact, Permission, Urgency
from triage.tickets.priority import Matrix, load_matrix
from triage.tickets.routes.blueprint import bp


@bp.get("/admin/desk")
@requires(Permission.MATRIX_MANAGE)
def desk() -> ResponseReturnValue:
    return _desk_page(_matrix_form(load_matrix()), _desk_form())


@bp.post("/admin/desk/matrix")
@requires(Permission.MATRIX_MANAGE)
@commits
def change_matrix() -> ResponseReturnValue:
    form = forms.MatrixForm()
    if not form.validate():
        return _desk_page(form, _desk_form(), status=422)
    wanted = _wanted(form)
    changes = services.preview_matrix(wanted)
    if changes and "confirmed" not in request.form:
        # 200 without a change: the page asks first, and its button carries the answer.
        return page("tickets/matrix_preview.html", changes=changes, form=form, impacts=list(Impact))
    moved = services.change_matrix(wanted, actor=current_user)
    flash(
        ngettext(
            "Saved. One open ticket has a new priority.", "Saved. %(num)s open tickets have a new priority.", moved
        )
        if moved
        else gettext("Saved. No open ticket changes."),
        "success",
    )
    return see_other("tickets.desk")


@bp.post("/admin/desk")
@requires(Permission.MATRIX_MANAGE)
@commits
def change_desk() -> ResponseReturnValue:
    form = _desk_form()
    if not form.validate():
        return _desk_page(_matrix_form(load_matrix()), form, status=422)
    team = forms.chosen_row(form.default_team, queries.list_teams())
    services.change_desk(actor=current_user, default_team=team, reopen_days=form.reopen_days.data or 0)
    flash(gettext("Saved."), "success")
    return see_other("tickets.desk")


def _desk_page(matrix: forms.MatrixForm, form: forms.DeskForm, *, status: int = 200) -> ResponseReturnValue:
    return page(
        "tickets/desk.html", status=status, matrix=matrix, form=form, impacts=list(Impact), urgencies=list(Urgency)
    )


def _matrix_form(matrix: Matrix) -> forms.MatrixForm:
    values = {f"{impact}-{urgency}": priority for (impact, urgency), priority in matrix.items()}
    return forms.MatrixForm(formdata=None, data=values)


def _wanted(form: forms.MatrixForm) -> Matrix:
    return {(impact, urgency): form[f"{impact}-{urgency}"].data for impact in Impact for urgency in Urgency}


def _desk_form() -> forms.DeskForm:
    settings = services.desk_settings()
    form = forms.DeskForm(default_team=settings.default_team_id or "", reopen_days=settings.reopen_days)
    form.default_team.choices = forms.choices_of(queries.list_teams(), gettext("Chosen by itself"))
    return form
