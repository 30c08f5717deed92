"""What the desk's templates use."""

import re

from flask import Flask, current_app
from markupsafe import Markup, escape

from knowledge.api import besides, observers
from triage.tickets import routing, words
from triage.tickets.known_errors import tell_agents_of_change, tickets_beside

_ARTICLE = r"(/articles/[1-9][0-9]{0,8}(?:/[a-z0-9-]*)?(?:#[\w-]*)?)"


def paragraphs(text: str) -> Markup:
    """Return plain text as paragraphs with its line ends kept; nothing in it is taken for markup.

    Only addresses of our own articles become links: whoever writes a ticket must not lead agents elsewhere.
    """
    blocks = [block.strip("\n") for block in text.replace("\r\n", "\n").split("\n\n")]
    lines = (Markup("<br>").join(_linked(line) for line in block.split("\n")) for block in blocks if block.strip())
    return Markup("").join(Markup("<p>{}</p>").format(line) for line in lines)


def _linked(line: str) -> Markup:
    # Every other part of a split by one group is what the group matched.
    base_url = current_app.extensions["portico_settings"].base_url
    parts = re.split(re.escape(base_url) + _ARTICLE, line)
    return Markup("").join(
        Markup('<a href="{}">{}</a>').format(part, base_url + part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


def init_app(app: Flask) -> None:
    if tickets_beside not in besides:
        besides.append(tickets_beside)
        observers.append(tell_agents_of_change)
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
