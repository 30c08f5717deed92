"""Every permission and every event of the product, as a page for people to read; made from the features."""

from collections.abc import Iterable
from enum import StrEnum

from portal.core.feature import Feature
from portal.directory.roles import BUILTIN_ROLES

HEAD = """# Reference of permissions and events

This page is made from the code: `portico reference`. A permission is what a role may hold; the roles named beside it
receive it when the database is made, and administrators may change that later. An event is what the audit trail
records under that name.
"""


def reference_markdown(features: Iterable[Feature]) -> str:
    """Return the page: a heading for each feature that has permissions or events."""
    return HEAD + "".join(_section(feature) for feature in features if feature.permissions or feature.events)


def _section(feature: Feature) -> str:
    lines = [f"\n## {feature.name.replace('_', ' ').capitalize()}\n"]
    if feature.permissions:
        rows = [f"| `{item}` | {_holders(feature, item)} |\n" for item in feature.permissions]
        lines += ["\n", _sentence(feature.permissions), "\n| permission | built-in roles |\n| --- | --- |\n", *rows]
    if feature.events:
        lines += ["\n", _sentence(feature.events), "\n", *(f"- `{item}`\n" for item in feature.events)]
    return "".join(lines)


def _sentence(names: type[StrEnum]) -> str:
    return f"{(names.__doc__ or '').strip()}\n"


def _holders(feature: Feature, permission: StrEnum) -> str:
    held = [role.name for role in BUILTIN_ROLES if permission in feature.grants.get(role.key, ())]
    return ", ".join(held) or "none"
