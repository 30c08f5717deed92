"""Prepared texts and what is known already: the words in braces are filled in before a text is shown or checked."""

from flask import request

from portal.core.web.i18n import own_zone
from status_page.forms.incidents import IncidentForm, UpdateForm
from status_page.models import Incident
from status_page.queries import list_templates
from status_page.services.templates import fill


def fill_from_template(form: UpdateForm, incident: Incident | None = None) -> None:
    """Take over the prepared text that the address asks for."""
    wanted = request.args.get("template", "")
    template = next((item for item in list_templates() if str(item.id) == wanted), None)
    if template is None:
        return
    german = template.translations.get("de", {})
    form.body.data, form.body_de.data = template.body, german.get("body", "")
    if template.state in [choice[0] for choice in form.state.iter_choices()]:
        form.state.data = template.state
    if isinstance(form, IncidentForm):
        form.title.data, form.title_de.data = template.title, german.get("title", "")
    fill_known(form, incident)


def fill_known(form: UpdateForm, incident: Incident | None = None) -> None:
    """Put services, beginning and promise, as the form names them, in the place of their variables."""
    for locale, names in (("en", ("title", "body")), ("de", ("title_de", "body_de"))):
        values = _known(form, incident, locale)
        for name in names:
            if name in form and form[name].data:
                form[name].data = fill(form[name].data, values)


def _known(form: UpdateForm, incident: Incident | None, locale: str) -> dict[str, str]:
    zone = own_zone()
    touched = form.impacts().keys() or (incident.current_impacts.keys() if incident else ())
    values = {"service": ", ".join(item.name_in(locale) for item in form.components if item.id in touched)}
    since = incident.started_at if incident else form.happened_at.data
    for name, moment in (("since", since), ("next_update", form.next_update_at.data)):
        values[name] = moment.astimezone(zone).strftime("%H:%M") if moment is not None else ""
    return values
