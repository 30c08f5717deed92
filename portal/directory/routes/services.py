"""The services IT provides: a list and a page for everyone, changed by those who manage services."""

import sqlalchemy as sa
from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.web import commits, page, paginate, see_other, sort_choice
from portal.core.web.forms import put_refusal
from portal.directory.enums import Criticality, Permission
from portal.directory.forms.administration import ReasonForm
from portal.directory.forms.services import CRITICALITIES, NewServiceForm, ServiceForm
from portal.directory.models import Service, Team
from portal.directory.queries.services import get_service_by_key, services_by
from portal.directory.queries.teams import list_teams
from portal.directory.routes.blueprint import bp
from portal.directory.routes.form_page import form_page
from portal.directory.services import it_services
from portal.directory.session import signed_in_user

# The most critical first, whatever the words for it begin with.
CRITICALITY_RANK = sa.case(
    {value.value: rank for rank, value in enumerate(Criticality)}, value=sa.cast(Service.criticality, sa.String)
)
SORTS = {"name": Service.name, "criticality": CRITICALITY_RANK}


def _loaded(key: str) -> Service:
    return get_service_by_key(key, user=signed_in_user())


def _form_page(form: ServiceForm, service: Service | None = None) -> ResponseReturnValue:
    here = url_for("directory.service", key=service.key) if service else url_for("directory.services")
    way = [(gettext("Services"), url_for("directory.services"))]
    return form_page(
        form,
        title=gettext("Change the service") if service else gettext("Add a service"),
        submit=gettext("Save service") if service else gettext("Add service"),
        cancel=here,
        trail=[*way, (service.name, here)] if service else way,
    )


@bp.get("/services")
@requires(Permission.SERVICE_READ)
def services() -> ResponseReturnValue:
    filters = {name: request.args.get(name, "").strip() for name in ("q", "criticality", "state")}
    sort, order = sort_choice(SORTS, default="name")
    query = services_by(signed_in_user(), text=filters["q"], criticality=filters["criticality"], state=filters["state"])
    return page(
        "directory/services.html",
        "list",
        services=paginate(query.order_by(*order, Service.name, Service.id)),
        filters=filters,
        sort=sort,
        criticalities=CRITICALITIES,
        may_manage=current_user.can_everywhere(Permission.SERVICE_MANAGE),
    )


@bp.get("/services/<key>")
@requires(Permission.SERVICE_READ)
def service(key: str) -> ResponseReturnValue:
    return page(
        "directory/service.html",
        service=_loaded(key),
        criticalities=CRITICALITIES,
        critical=Criticality.CRITICAL,
        may_manage=current_user.can_everywhere(Permission.SERVICE_MANAGE),
    )


@bp.get("/services/new")
@requires(Permission.SERVICE_MANAGE, everywhere=True)
def new_service() -> ResponseReturnValue:
    form = NewServiceForm(criticality=Criticality.MEDIUM.value)
    form.offer_services()
    return _form_page(form)


@bp.post("/services/new")
@requires(Permission.SERVICE_MANAGE, everywhere=True)
@commits
def create_service() -> ResponseReturnValue:
    form = NewServiceForm()
    form.offer_services()
    if form.validate():
        try:
            made = it_services.create_service(form.key.data or "", form.facts(_teams(), {}), actor=signed_in_user())
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("The service %(service)s is added.", service=made.name), "success")
            return see_other("directory.service", key=made.key)
    return _form_page(form)


@bp.get("/services/<key>/edit")
@requires(Permission.SERVICE_MANAGE, everywhere=True)
def edit_service(key: str) -> ResponseReturnValue:
    service, form = _loaded(key), ServiceForm()
    form.offer_services(besides=service)
    form.show(service)
    return _form_page(form, service)


@bp.post("/services/<key>/edit")
@requires(Permission.SERVICE_MANAGE, everywhere=True)
@commits
def change_service(key: str) -> ResponseReturnValue:
    service, form = _loaded(key), ServiceForm()
    form.offer_services(besides=service)
    if form.validate():
        try:
            facts = form.facts(_teams(), service.translations)
            it_services.change_service(service, facts, actor=signed_in_user())
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("The service %(service)s is saved.", service=service.name), "success")
            return see_other("directory.service", key=key)
    return _form_page(form, service)


def _retire_page(form: ReasonForm, service: Service) -> ResponseReturnValue:
    here = url_for("directory.service", key=service.key)
    return form_page(
        form,
        title=gettext("Retire %(service)s?", service=service.name),
        lede=gettext(
            "Nobody can choose it any more, in tickets, requests or on the status page. What tells about it stays. "
            "You can bring it back."
        ),
        submit=gettext("Retire service"),
        cancel=here,
        trail=[(gettext("Services"), url_for("directory.services")), (service.name, here)],
        dangerous=True,
    )


@bp.get("/services/<key>/retire")
@requires(Permission.SERVICE_MANAGE, everywhere=True)
def confirm_retirement(key: str) -> ResponseReturnValue:
    return _retire_page(ReasonForm(), _loaded(key))


@bp.post("/services/<key>/retire")
@requires(Permission.SERVICE_MANAGE, everywhere=True)
@commits
def retire_service(key: str) -> ResponseReturnValue:
    service, form = _loaded(key), ReasonForm()
    if form.validate():
        try:
            it_services.retire_service(service, actor=signed_in_user(), reason=form.reason.data or "")
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("The service %(service)s is retired.", service=service.name), "success")
            return see_other("directory.service", key=key)
    return _retire_page(form, service)


@bp.post("/services/<key>/restore")
@requires(Permission.SERVICE_MANAGE, everywhere=True)
@commits
def restore_service(key: str) -> ResponseReturnValue:
    service = _loaded(key)
    it_services.restore_service(service, actor=signed_in_user())
    flash(gettext("The service %(service)s is in use again.", service=service.name), "success")
    return see_other("directory.service", key=key)


def _teams() -> dict[str, Team]:
    return {str(team.id): team for team in list_teams(with_closed=True)}
