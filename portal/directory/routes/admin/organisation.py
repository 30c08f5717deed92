"""The overview of the administration, and the organisation's name and colour."""

from itertools import groupby

from flask import current_app, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.feature import Remark, registered_features
from portal.core.web import commits, page, see_other
from portal.core.web.forms import put_refusal
from portal.design.theme import accents_of
from portal.directory.enums import Permission
from portal.directory.forms.administration import OrganisationForm
from portal.directory.queries.organisation import get_organisation
from portal.directory.routes.admin.blueprint import bp, trail
from portal.directory.routes.form_page import form_page
from portal.directory.services.organisation import change_organisation
from portal.directory.session import signed_in_user


@bp.get("")
@requires(Permission.ADMINISTRATION_OPEN)
def index() -> ResponseReturnValue:
    entries = [entry for feature in registered_features(current_app) for entry in feature.administration]
    allowed = sorted(
        (entry for entry in entries if current_user.can_everywhere(entry.permission)), key=lambda entry: entry.order
    )
    topics = [(topic, list(group)) for topic, group in groupby(allowed, key=lambda entry: str(entry.topic))]
    asked = (note() for feature in registered_features(current_app) for note in feature.administration_notes)
    return page(
        "directory/admin/index.html",
        topics=topics,
        notes=[("notice" if isinstance(said, Remark) else "warn", said) for said in asked if said],
    )


def _page(form: OrganisationForm) -> ResponseReturnValue:
    organisation = get_organisation()
    return form_page(
        form,
        template="directory/admin/organisation.html",
        title=gettext("Organisation"),
        lede=gettext("The name and the colour that everyone sees on every page."),
        submit=gettext("Save organisation"),
        cancel=url_for("admin.index"),
        trail=trail(),
        accents=accents_of(organisation.accent) if organisation.accent else None,
    )


@bp.get("/organisation")
@requires(Permission.ORGANISATION_MANAGE, everywhere=True)
def organisation() -> ResponseReturnValue:
    return _page(OrganisationForm(obj=get_organisation()))


@bp.post("/organisation")
@requires(Permission.ORGANISATION_MANAGE, everywhere=True)
@commits
def save_organisation() -> ResponseReturnValue:
    form = OrganisationForm()
    if form.validate():
        try:
            change_organisation(name=form.name.data or "", accent=form.accent.data or "", actor=signed_in_user())
        except Refused as refusal:
            put_refusal(form, refusal)
        else:
            flash(gettext("The organisation is saved."), "success")
            return see_other("admin.organisation")
    return _page(form)
