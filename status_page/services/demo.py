"""What the demo organisation's status page starts with."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal.core import clock
from portal.core.db import db
from portal.directory.api import Service, User
from status_page.enums import ComponentState, IncidentState
from status_page.models import Component, ComponentGroup
from status_page.queries import get_page, list_components, list_dependencies
from status_page.services.components import create_component, create_group
from status_page.services.dependencies import follow_directory
from status_page.services.incidents import open_incident
from status_page.services.maintenance import plan_maintenance
from status_page.services.recurrence import Planned
from status_page.services.updates import Draft, post_update


def create_components(services: Iterable[Mapping[str, Any]], *, actor: User | None) -> list[Component]:
    """Put services of the directory on the page, each under its group; those that are there already stay.

    Each entry names the service by ``key`` and its heading by ``status_group`` and ``status_group_de``.
    """
    rows = {row.key: row for row in db.session.scalars(sa.select(Service))}
    groups = {row.name: row for row in db.session.scalars(sa.select(ComponentGroup))}
    known = {component.service_id for component in list_components()}
    since = clock.now() - timedelta(days=90)
    for entry in services:
        service, heading = rows.get(entry["key"]), entry.get("status_group")
        if service is None or heading is None or service.id in known:
            continue
        if heading not in groups:
            groups[heading] = create_group(
                actor=actor,
                name=heading,
                position=len(groups) + 1,
                translations={"de": {"name": entry.get("status_group_de", heading)}},
            )
        create_component(
            actor=actor,
            name=service.name,
            key=service.key,
            service_id=service.id,
            group_id=groups[heading].id,
            description=service.description,
            translations=service.translations,
            observed_since=since,
        )
    follow_directory()
    for dependency in list_dependencies():
        dependency.since = since
    return list(list_components())


def load_history(*, actor: User | None, time_zone: str) -> None:
    """Tell of one incident of last week, one of last month, and work planned for the weekend."""
    get_page().time_zone = time_zone
    components = {component.key: component for component in list_components()}
    first = next(iter(components.values()), None)
    if first is None:
        return
    _mail_incident(components.get("mail", first), actor)
    _network_incident(components.get("network", first), actor)
    _planned_work(components.get("files", first), actor)


def _mail_incident(mail: Component, actor: User | None) -> None:
    began = clock.now() - timedelta(days=6, hours=3)
    incident = open_incident(
        "Mail arrives late",
        Draft(
            IncidentState.INVESTIGATING,
            "Messages from outside arrive up to 40 minutes late. Mail inside the company is not affected.",
            {
                "de": {
                    "body": "Nachrichten von außen kommen bis zu 40 Minuten verspätet an. Mail im Haus ist nicht betroffen."
                }
            },
            {mail.id: ComponentState.DEGRADED},
            began,
            notifies=False,
        ),
        actor=actor,
        translations={"de": {"title": "E-Mails kommen verspätet an"}},
    )
    steps = (
        (
            25,
            IncidentState.IDENTIFIED,
            "The spam filter cannot keep up after its update. We have gone back to the version before.",
            "Der Spamfilter kommt nach seiner Aktualisierung nicht mit. Wir sind zur vorigen Version zurückgekehrt.",
        ),
        (
            70,
            IncidentState.MONITORING,
            "New messages arrive at once. The waiting ones are being delivered.",
            "Neue Nachrichten kommen sofort an. Die wartenden werden zugestellt.",
        ),
        (
            120,
            IncidentState.RESOLVED,
            "All waiting messages were delivered. No message was lost.",
            "Alle wartenden Nachrichten wurden zugestellt. Es ging keine verloren.",
        ),
    )
    for minutes, state, text, german in steps:
        post_update(
            incident,
            Draft(state, text, {"de": {"body": german}}, None, began + timedelta(minutes=minutes), notifies=False),
            actor=actor,
        )


def _network_incident(network: Component, actor: User | None) -> None:
    began = clock.now() - timedelta(days=33, hours=5)
    incident = open_incident(
        "No Wi-Fi in the warehouse",
        Draft(
            IncidentState.IDENTIFIED,
            "A switch in the warehouse has failed. Scanners and laptops there have no network. We are replacing it.",
            {
                "de": {
                    "body": "Ein Switch im Lager ist ausgefallen. Scanner und Laptops dort haben kein Netz. Wir tauschen ihn."
                }
            },
            {network.id: ComponentState.DEGRADED},
            began,
            notifies=False,
        ),
        actor=actor,
        translations={"de": {"title": "Kein WLAN im Lager"}},
    )
    for minutes, state, text, german in (
        (
            95,
            IncidentState.RESOLVED,
            "The switch is replaced, the network is back.",
            "Der Switch ist getauscht, das Netz ist wieder da.",
        ),
        (
            2880,
            IncidentState.POSTMORTEM,
            "The switch was nine years old. We now keep a spare one and replace all of that age this year.",
            "Der Switch war neun Jahre alt. Wir halten nun Ersatz bereit und tauschen alle dieses Alters noch in diesem Jahr.",
        ),
    ):
        post_update(
            incident,
            Draft(state, text, {"de": {"body": german}}, None, began + timedelta(minutes=minutes), notifies=False),
            actor=actor,
        )


def _planned_work(files: Component, actor: User | None) -> None:
    zone = ZoneInfo(get_page().time_zone)
    day = clock.now().astimezone(zone).replace(hour=20, minute=0, second=0, microsecond=0)
    starts_at = day + timedelta(days=(5 - day.weekday()) % 7 or 7)
    plan_maintenance(
        "New storage for files",
        "Team folders cannot be opened while we move them to new disks. Files kept on your laptop still work and are "
        "synchronised afterwards.",
        actor=actor,
        components=[files],
        windows=[Planned(starts_at, starts_at + timedelta(hours=3))],
        translations={"de": {"title": "Neuer Speicher für Dateien"}},
        body_translations={
            "de": {
                "body": "Teamordner lassen sich nicht öffnen, während wir sie auf neue Platten umziehen. Dateien auf "
                "Ihrem Laptop funktionieren weiter und werden danach abgeglichen."
            }
        },
        notifies=False,
    )
