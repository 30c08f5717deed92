"""What the demo organisation tells on its status page."""

from typing import Any

from portal.directory.api import get_user_by_name
from status_page.api import create_demo_components, load_demo_history

COMMUNICATOR = "manager.incident"


def load_status_page(facts: dict[str, Any]) -> None:
    """Put the services on the page, and tell of past trouble and planned work."""
    communicator = get_user_by_name(COMMUNICATOR)
    create_demo_components(facts["services"], actor=communicator)
    load_demo_history(actor=communicator, time_zone=facts["organisation"]["time_zone"])
