"""``portico audit``: the trail from the command line."""

import click
from flask.cli import with_appcontext

# Everything else is imported when a command runs, so that `portico --help` answers at once.


@click.group("audit")
def audit_commands() -> None:
    """Check the audit trail."""


@audit_commands.command("verify", epilog="Example: portico audit verify")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@with_appcontext
def verify(quiet: bool) -> None:
    """Check the whole chain; ends with 1 and names the first row that was changed, removed or inserted."""
    from portal.core.audit.queries import last_event_id
    from portal.core.audit.services import verify_and_remember
    from portal.core.db import unit_of_work

    total = last_event_id()
    with click.progressbar(length=total, label="Checking", hidden=quiet or total < 5_000) as bar, unit_of_work():
        result = verify_and_remember(lambda done, _: bar.update(done - bar.pos))
    if not result.holds:
        raise click.ClickException(f"The audit trail is broken. {result.finding}")
    noun = "event" if result.events == 1 else "events"
    click.echo(f"The audit trail holds: {result.events} {noun} checked in {result.seconds:.1f} s.")


COMMANDS = (audit_commands,)
