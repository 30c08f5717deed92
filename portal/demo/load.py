"""Loading the demo organisation once, through the product's own services, as people would have entered it."""

from pathlib import Path
from typing import Any

import yaml

from portal.core.db import unit_of_work
from portal.core.origin import origin
from portal.demo.articles import load_articles
from portal.demo.organisation import PASSWORD, load_desk, load_organisation
from portal.demo.status_page import load_status_page
from portal.demo.tickets import replay_tickets

FOLDER = Path(__file__).parent

# The accounts worth trying, in the order of the main job; every account has the same password.
ACCOUNTS = tuple(
    (name, PASSWORD)
    for name in (
        "user.finance",
        "agent.servicedesk",
        "agent.infrastructure",
        "agent.network",
        "lead.network",
        "reviewer.knowledge",
        "manager.incident",
        "admin.portal",
        "auditor.internal",
    )
)


def load_demo() -> None:
    """Make people, services, articles and tickets in a database that holds nobody yet; commits as it goes."""
    facts = read("organisation.yaml")
    with origin("command demo"):
        with unit_of_work():
            load_organisation(facts)
        with unit_of_work():
            categories = load_desk(facts)
        with unit_of_work():
            load_status_page(facts)
        load_articles(FOLDER / "articles")
        replay_tickets(read("tickets.yaml")["tickets"], categories)


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    return content
