"""What a feature brings to the application, in one value.

``portal.app`` lists the features; permissions, navigation, periodic jobs and health checks are read from here, so
that adding a feature never means editing the core.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flask import Blueprint, Flask, current_app, g
from flask_babel import LazyString


@dataclass(frozen=True)
class NavigationEntry:
    """A place in the main navigation, shown to those who hold ``permission`` (anyone when None)."""

    label: LazyString
    endpoint: str
    icon: str
    permission: StrEnum | None = None
    order: int = 50
    # Where those go who do not hold the permission, such as visitors; empty: they do not see the place.
    otherwise: str = ""
    # Answers a number to show beside the label, for the current user; None shows none.
    count: Callable[[], int] | None = None


@dataclass(frozen=True)
class AdministrationEntry:
    """A place on the administration page, shown under its topic to those who hold ``permission``."""

    topic: LazyString
    label: LazyString
    description: LazyString
    endpoint: str
    icon: str
    permission: StrEnum
    order: int = 50


class Remark(str):
    """What a probe says of something that works with less than it could: worth knowing, no reason to be taken out."""

    __slots__ = ()


@dataclass(frozen=True)
class Feature:
    """One vertical slice of the product."""

    name: str
    blueprints: tuple[Blueprint, ...] = ()
    permissions: type[StrEnum] | None = None
    # Which permissions each built-in role receives when the database is made; administrators may change it later.
    grants: dict[str, tuple[StrEnum, ...]] = field(default_factory=dict)
    events: type[StrEnum] | None = None
    navigation: tuple[NavigationEntry, ...] = ()
    administration: tuple[AdministrationEntry, ...] = ()
    # Pages of one's own things, linked from the profile.
    account: tuple[NavigationEntry, ...] = ()
    # Name -> probe; a probe returns None when well, else a sentence, or a ``Remark`` when it goes on with less.
    health_checks: dict[str, Callable[[], str | None]] = field(default_factory=dict)
    # What administrators should know and do something about, shown on top of their page: a sentence, or None.
    administration_notes: tuple[Callable[[], str | None], ...] = ()
    # Answers what every template may use of this feature; called once for each rendered page, so it must be cheap.
    template_context: Callable[[], dict[str, Any]] | None = None
    # The same for every message, which has no page, no request and nobody signed in around it.
    message_context: Callable[[], dict[str, Any]] | None = None
    init_app: Callable[[Flask], None] | None = None
    # Event of another feature -> what this one does about it, in the transaction of the change: called with the row,
    # who did it, and the fields that changed. So a package hears of what happens in one that does not know it.
    reactions: dict[StrEnum, Callable[[Any, Any, dict[str, Any]], None]] = field(default_factory=dict)


def registered_features(app: Flask) -> tuple[Feature, ...]:
    return tuple(app.extensions.get("portico_features", ()))


def message_context() -> dict[str, Any]:
    """Return what every message may use, asked once for each request, job or command: a message to a team is many."""
    if "message_context" not in g:
        asked = (feature.message_context for feature in registered_features(current_app))
        g.message_context = {name: value for ask in asked if ask for name, value in ask().items()}
    return dict(g.message_context)


def reactions_to(app: Flask, event: str) -> list[Callable[[Any, Any, dict[str, Any]], None]]:
    """Return what features do about an event of another one."""
    known: dict[str, list[Callable[[Any, Any, dict[str, Any]], None]]] | None
    known = app.extensions.get("portico_reactions")
    if known is None:
        known = {}
        for feature in registered_features(app):
            for name, react in feature.reactions.items():
                known.setdefault(str(name), []).append(react)
        app.extensions["portico_reactions"] = known
    return known.get(event, [])


def all_permissions(features: Iterable[Feature]) -> list[StrEnum]:
    return [permission for feature in features if feature.permissions for permission in feature.permissions]
