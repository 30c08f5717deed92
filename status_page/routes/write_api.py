"""Writing by programs: incidents and component states, in the words the Statuspage API uses for them."""

from datetime import datetime
from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from portal.core.auth import public
from portal.core.errors import NotAllowed, Refused
from portal.core.texts import gettext
from portal.core.web import commits
from portal.core.web.security import csrf, limiter
from portal.directory.api import User
from status_page.board import build_whole_board
from status_page.enums import INCIDENT_STATES, ComponentState, IncidentState, Permission, TokenScope
from status_page.queries import find_component_by_public_id, get_incident_by_public_id, list_components
from status_page.routes.blueprint import bp
from status_page.services.components import set_own_state
from status_page.services.incidents import audience_for, open_incident
from status_page.services.refusals import UnknownComponent, WrongState
from status_page.services.updates import Draft, post_update
from status_page.services.write_tokens import find_holder
from status_page.site.api_v2 import component_fields, incident_fields

_RIGHTS = {
    TokenScope.INCIDENTS: Permission.COMMUNICATE,
    TokenScope.COMPONENTS: Permission.MANAGE_COMPONENTS,
}


class _Unauthorised(Exception):
    """There is no valid key, or it may not do this."""


@bp.post("/api/v2/incidents.json")
@csrf.exempt
@public
@commits
@limiter.limit("120 per minute")
def api_open_incident() -> ResponseReturnValue:
    try:
        actor, sent = _actor(TokenScope.INCIDENTS), _sent("incident")
        impacts = _impacts(sent)
        components = [component for component in list_components() if component.id in impacts]
        name = _text(sent, "name")
        if not name:
            raise WrongState(gettext("“name” is missing."))
        incident = open_incident(name[:200], _draft(sent, impacts), actor=actor, audience=audience_for(components))
    except (_Unauthorised, Refused, NotAllowed) as error:
        return _problem(error)
    return jsonify(incident=incident_fields(build_whole_board(), incident)), 201


@bp.patch("/api/v2/incidents/<public_id>.json")
@csrf.exempt
@public
@commits
@limiter.limit("120 per minute")
def api_update_incident(public_id: str) -> ResponseReturnValue:
    try:
        actor, sent = _actor(TokenScope.INCIDENTS), _sent("incident")
        incident = get_incident_by_public_id(public_id)
        if incident is None or incident.is_maintenance:
            return _problem(LookupError(gettext("There is no such incident.")))
        draft = _draft(sent, _impacts(sent), default=incident.state)
        if "components" not in sent:
            draft.impacts = None
        post_update(incident, draft, actor=actor)
    except (_Unauthorised, Refused, NotAllowed) as error:
        return _problem(error)
    return jsonify(incident=incident_fields(build_whole_board(), incident))


@bp.patch("/api/v2/components/<public_id>.json")
@csrf.exempt
@public
@commits
@limiter.limit("240 per minute")
def api_set_component(public_id: str) -> ResponseReturnValue:
    try:
        actor, sent = _actor(TokenScope.COMPONENTS), _sent("component")
        component = find_component_by_public_id(public_id)
        if component is None:
            return _problem(LookupError(gettext("There is no such component.")))
        set_own_state(component, _component_state(sent.get("status")), actor=actor, reason=_text(sent, "reason"))
    except (_Unauthorised, Refused, NotAllowed) as error:
        return _problem(error)
    return jsonify(component=component_fields(build_whole_board(), component))


def _actor(scope: TokenScope) -> User:
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    holder = find_holder(text.strip(), scope) if kind.lower() in ("bearer", "oauth") and text else None
    if holder is None:
        raise _Unauthorised(gettext("Send a valid key for this in “Authorization: Bearer …”."))
    if not holder.can(_RIGHTS[scope]):
        raise NotAllowed(gettext("The person this key acts for does not have the right any more."))
    return holder


def _sent(name: str) -> dict[str, Any]:
    document = request.get_json(silent=True)
    sent = document.get(name) if isinstance(document, dict) else None
    if not isinstance(sent, dict):
        raise WrongState(gettext("Send a JSON document with “%(name)s” in it.", name=name))
    return sent


def _draft(sent: dict[str, Any], impacts: dict[int, ComponentState], *, default: str = "investigating") -> Draft:
    state = sent.get("status", default)
    if state not in list(INCIDENT_STATES):
        raise WrongState(
            gettext("“%(state)s” is not a status. Use one of %(known)s.", state=state, known=", ".join(INCIDENT_STATES))
        )
    body = _text(sent, "body")
    if not body:
        raise WrongState(gettext("“body” is missing: say what people should know."))
    german = _text(sent, "body_de")
    return Draft(
        IncidentState(state),
        body[:5_000],
        translations={"de": {"body": german}} if german else {},
        impacts=impacts,
        happened_at=_moment(sent, "started_at"),
        next_update_at=_moment(sent, "next_update_at"),
        notifies=bool(sent.get("deliver_notifications", True)),
    )


def _impacts(sent: dict[str, Any]) -> dict[int, ComponentState]:
    named = sent.get("components") or {}
    if not isinstance(named, dict):
        raise WrongState(gettext("“components” is a list of ids with a status each."))
    known = {component.public_id: component.id for component in list_components()}
    unknown = [public_id for public_id in named if public_id not in known]
    if unknown:
        raise UnknownComponent(gettext("There is no component %(names)s.", names=", ".join(unknown)))
    return {known[public_id]: _component_state(state) for public_id, state in named.items()}


def _component_state(state: object) -> ComponentState:
    if state not in list(ComponentState):
        raise WrongState(
            gettext("“%(state)s” is not a status. Use one of %(known)s.", state=state, known=", ".join(ComponentState))
        )
    return ComponentState(str(state))


def _text(sent: dict[str, Any], name: str) -> str:
    value = sent.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _moment(sent: dict[str, Any], name: str) -> datetime | None:
    value = sent.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise WrongState(gettext("“%(name)s” is not a moment such as 2026-03-02T09:00:00Z.", name=name))
    return moment


def _problem(error: Exception) -> Response:
    status = 422
    if isinstance(error, _Unauthorised):
        status = 401
    elif isinstance(error, NotAllowed):
        status = 403
    elif isinstance(error, LookupError):
        status = 404
    response = jsonify(type="about:blank", status=status, detail=str(error.args[0] if error.args else error))
    response.status_code = status
    response.content_type = "application/problem+json"
    return response
