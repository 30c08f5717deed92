"""Pages of the knowledge base."""

from knowledge.routes import (
    desk,
    drafting,
    duplicates,
    editing,
    exporting,
    feedback,
    importing,
    known_errors,
    reading,
    reviews,
    rules,
    sections,
    steps,
    subscriptions,
    usage,
    versions,
)
from knowledge.routes.blueprint import bp

__all__ = [
    "bp",
    "desk",
    "drafting",
    "duplicates",
    "editing",
    "exporting",
    "feedback",
    "importing",
    "known_errors",
    "reading",
    "reviews",
    "rules",
    "sections",
    "steps",
    "subscriptions",
    "usage",
    "versions",
]
