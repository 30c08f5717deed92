"""What a new article of each type begins with, so that nobody starts with an empty page."""

from flask_babel import gettext

from knowledge.enums import ArticleType


def template_of(kind: ArticleType) -> str:
    """Return the headings of a type in the language of whoever writes."""
    headings = {
        ArticleType.HOW_TO: (gettext("Before you start"), gettext("Steps"), gettext("Check that it works")),
        ArticleType.TROUBLESHOOTING: (
            gettext("Problem"),
            gettext("Environment"),
            gettext("Cause"),
            gettext("Resolution"),
        ),
        ArticleType.KNOWN_ERROR: (
            gettext("Problem"),
            gettext("Who is affected"),
            gettext("Workaround"),
            gettext("What is being done"),
        ),
        ArticleType.FAQ: (gettext("First question?"), gettext("Second question?")),
        ArticleType.PROCEDURE: (
            gettext("When to use this"),
            gettext("Who may do this"),
            gettext("Steps"),
            gettext("If something goes wrong"),
        ),
    }[kind]
    return "\n\n".join(f"## {heading}" for heading in headings) + "\n"
