"""What the desk's templates use."""

from flask import Flask
from markupsafe import Markup, escape

from triage.tickets import routing, words


def paragraphs(text: str) -> Markup:
    """Return plain text as paragraphs with its line ends kept; nothing in it is taken for markup."""
    blocks = [block.strip("\n") for block in text.replace("\r\n", "\n").split("\n\n")]
    lines = (Markup("<br>").join(escape(line) for line in block.split("\n")) for block in blocks if block.strip())
    return Markup("").join(Markup("<p>{}</p>").format(line) for line in lines)


def init_app(app: Flask) -> None:
    app.jinja_env.filters["paragraphs"] = paragraphs
    app.jinja_env.globals["desk"] = {
        "state": words.state_badge,
        "state_sentence": words.state_sentence,
        "next_sentence": words.next_sentence,
        "kinds": words.KINDS,
        "impacts": words.IMPACTS,
        "urgencies": words.URGENCIES,
        "priorities": words.PRIORITIES,
        "why_here": routing.sentence,
    }
