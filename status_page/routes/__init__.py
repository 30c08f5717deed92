"""Pages of the status page."""

from status_page.routes import (
    components,
    incidents,
    internal,
    maintenance,
    policy,
    public,
    record,
    subscribing,
    tokens,
    write_api,
)
from status_page.routes.blueprint import bp

__all__ = [
    "bp",
    "components",
    "incidents",
    "internal",
    "maintenance",
    "policy",
    "public",
    "record",
    "subscribing",
    "tokens",
    "write_api",
]
