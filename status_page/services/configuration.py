"""Components as a YAML file: exported, edited, imported again without doubles."""

from typing import Any

import sqlalchemy as sa
import yaml

from portal.core.audit.services import record
from portal.core.db import db
from portal.core.texts import gettext
from portal.directory.api import Service, User
from status_page.enums import Effect, Event
from status_page.models import Component, ComponentGroup
from status_page.queries import get_page, list_components, list_dependencies, list_groups
from status_page.services.components import change_component, change_group, create_component, create_group
from status_page.services.dependencies import add_dependency
from status_page.services.refusals import ConfigurationRefused

_GROUP = {"key": str, "name": str, "translations": dict, "position": int}
_COMPONENT = {
    "key": str,
    "name": str,
    "group": str,
    "service": str,
    "internal_name": str,
    "description": str,
    "translations": dict,
    "position": int,
    "shows_uptime": bool,
    "audience": list,
    "needs": dict,
}


def export_configuration() -> str:
    """Return groups, components and their dependencies as YAML; importing it changes nothing."""
    services = _service_keys()
    components = list_components()
    keys = {component.id: component.key for component in components}
    needs: dict[int, dict[str, str]] = {}
    for edge in list_dependencies():
        if edge.component_id in keys and edge.needs_id in keys and not edge.from_directory:
            needs.setdefault(edge.component_id, {})[keys[edge.needs_id]] = edge.effect.value
    document = {
        "version": 1,
        "groups": [
            {"key": g.key, "name": g.name, "translations": g.translations, "position": g.position}
            for g in list_groups()
        ],
        "components": [
            {
                "key": c.key,
                "name": c.name,
                "group": c.group.key if c.group else "",
                "service": services.get(c.service_id or 0, ""),
                "internal_name": c.internal_name,
                "description": c.description,
                "translations": c.translations,
                "position": c.position,
                "shows_uptime": c.shows_uptime,
                "audience": sorted(c.audience),
                "needs": needs.get(c.id, {}),
            }
            for c in components
        ],
    }
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def import_configuration(text: str, *, actor: User | None) -> dict[str, int]:
    """Make or change what a file describes, found again by its keys; what it does not name stays as it is.

    Returns how many were created, changed and unchanged. Nothing is changed when the file is refused.

    Raises:
        ConfigurationRefused: the file is not YAML, or a value is wrong; the text names the place.
    """
    document = _read(text)
    counts = {"created": 0, "changed": 0, "unchanged": 0}
    groups = {group.key: group for group in list_groups()}
    for entry in document.get("groups", []):
        values = {name: value for name, value in entry.items() if name != "key"}
        if entry["key"] in groups:
            _count(counts, groups[entry["key"]], values)
            change_group(groups[entry["key"]], actor=actor, **values)
        else:
            groups[entry["key"]] = create_group(actor=actor, **entry)
            counts["created"] += 1
    components = {component.key: component for component in list_components()}
    for entry in document.get("components", []):
        components[entry["key"]] = _place(entry, components.get(entry["key"]), groups, counts, actor)
    for entry in document.get("components", []):
        for key, effect in entry.get("needs", {}).items():
            known = {(d.component_id, d.needs_id): d.effect for d in list_dependencies()}
            component, needed = components[entry["key"]], _known(components, key, "component")
            if known.get((component.id, needed.id)) != effect:
                add_dependency(component, needed, actor=actor, effect=Effect(effect))
    record(Event.CONFIGURATION_IMPORTED, get_page(), actor=actor, after=dict(counts))
    return counts


def _place(
    entry: dict[str, Any],
    component: Component | None,
    groups: dict[str, ComponentGroup],
    counts: dict[str, int],
    actor: User | None,
) -> Component:
    values = {k: v for k, v in entry.items() if k not in ("key", "group", "service", "needs", "audience")}
    if "group" in entry:
        values["group_id"] = _known(groups, entry["group"], "group").id if entry["group"] else None
    if "service" in entry:
        ids = {key: service_id for service_id, key in _service_keys().items()}
        values["service_id"] = _known(ids, entry["service"], "service") if entry["service"] else None
    if component is None:
        counts["created"] += 1
        return create_component(actor=actor, key=entry["key"], audience=entry.get("audience", ["public"]), **values)
    audience = entry.get("audience")
    changed = audience is not None and frozenset(audience) != component.audience
    _count(counts, component, values, changed=changed)
    change_component(component, actor=actor, audience=audience, **values)
    return component


def _count(counts: dict[str, int], row: Any, values: dict[str, Any], *, changed: bool = False) -> None:
    differs = changed or any(getattr(row, name) != value for name, value in values.items())
    counts["changed" if differs else "unchanged"] += 1


def _read(text: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationRefused(gettext("The file is not valid YAML: %(error)s", error=str(error))) from None
    if not isinstance(document, dict) or document.get("version") != 1:
        raise ConfigurationRefused(gettext("The file must be a mapping with “version: 1”."))
    for section, fields in (("groups", _GROUP), ("components", _COMPONENT)):
        entries = document.get(section) or []
        if not isinstance(entries, list):
            raise ConfigurationRefused(gettext("“%(section)s” must be a list.", section=section))
        for number, entry in enumerate(entries, start=1):
            _check_entry(f"{section}[{number}]", entry, fields)
        document[section] = entries
    return document


def _check_entry(place: str, entry: Any, fields: dict[str, type]) -> None:
    if not isinstance(entry, dict) or not entry.get("key") or not entry.get("name"):
        raise ConfigurationRefused(gettext("%(place)s needs a key and a name.", place=place))
    for name, value in entry.items():
        if name not in fields:
            raise ConfigurationRefused(gettext("%(place)s: “%(name)s” is unknown.", place=place, name=name))
        if not isinstance(value, fields[name]):
            raise ConfigurationRefused(gettext("%(place)s: “%(name)s” is of the wrong kind.", place=place, name=name))
    for effect in entry.get("needs", {}).values():
        if effect not in list(Effect):
            raise ConfigurationRefused(
                gettext("%(place)s: an effect is one of %(known)s.", place=place, known=", ".join(Effect))
            )


def _known(rows: dict[str, Any], key: str, kind: str) -> Any:
    if key not in rows:
        raise ConfigurationRefused(gettext("There is no %(kind)s “%(key)s”.", kind=kind, key=key))
    return rows[key]


def _service_keys() -> dict[int, str]:
    rows = db.session.execute(sa.select(Service.id, Service.key))
    return {service_id: key for service_id, key in rows}  # noqa: C416 (a row is no pair to the type checker)
