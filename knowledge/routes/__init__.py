"""Pages of the knowledge base."""

from knowledge.routes import desk, editing, exporting, feedback, reading, reviews, steps, usage, versions
from knowledge.routes.blueprint import bp

__all__ = ["bp", "desk", "editing", "exporting", "feedback", "reading", "reviews", "steps", "usage", "versions"]
