"""What the clock asks for, once a minute."""

from portal.core import clock
from status_page.services.components import end_due_overrides
from status_page.services.dependencies import follow_directory
from status_page.services.maintenance import advance_maintenance
from status_page.services.reminders import remind
from status_page.services.subscribers import tend_subscribers


def do_what_is_due() -> None:
    """Begin and end planned work, end overrides, and follow the directory."""
    now = clock.now()
    advance_maintenance(now)
    end_due_overrides(now)
    follow_directory()
    tend_subscribers()
    remind(now)
