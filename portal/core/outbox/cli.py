"""``portico take-bounce``: the way in for mail that comes back."""

import sys

import click
from flask.cli import with_appcontext

# What sysexits.h calls a failure for now: the mail server keeps the mail and tries again.
_TRY_LATER = 75
_MOST_BYTES = 2 * 1024 * 1024


@click.command("take-bounce", epilog='Example: portico take-bounce "$RECIPIENT" < mail.eml')
@click.argument("recipient", required=False, default="")
@with_appcontext
def take_bounce_command(recipient: str) -> None:
    """Read one mail that came back from standard input; made to be the pipe of a mail server.

    RECIPIENT is the address it came to; without it the mail's headers say. Ends with 75, so that the mail server tries
    again, when the database does not answer, and with 0 in every other case: a mail server would answer anything else
    with a mail of its own to whoever the sender claims to be.
    """
    # Everything else is imported when the command runs, so that `portico --help` answers at once.
    from sqlalchemy.exc import SQLAlchemyError

    from portal.core.db import unit_of_work
    from portal.core.outbox.bounces import Bounce, take_bounce

    words = {
        Bounce.COUNTED: "Taken: the message is marked as failed.",
        Bounce.KNOWN: "Nothing done: the message is not one that was sent and may still fail.",
        Bounce.NO_FAILURE: "Nothing done: this mail does not report a failure.",
        Bounce.FORGED: "Refused: it did not come to the return address of one of our messages.",
    }
    content = sys.stdin.buffer.read(_MOST_BYTES)
    try:
        with unit_of_work():
            outcome = take_bounce(content, recipient=recipient)
    except SQLAlchemyError as error:
        click.echo(f"Not taken, try again later: {error}", err=True)
        raise click.exceptions.Exit(_TRY_LATER) from error
    click.echo(words[outcome])


COMMANDS = (take_bounce_command,)
