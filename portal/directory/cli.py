"""``portico user``: accounts from the command line."""

import sys

import click
from flask.cli import with_appcontext

# Everything else is imported when a command runs, so that `portico --help` answers at once.

_ORIGIN = "command line"


@click.group("user")
def user_commands() -> None:
    """Manage people's accounts."""


@user_commands.command(
    "create",
    epilog="\b\nExample: portico user create ada --email ada@example.org --name 'Ada L.' --role administrator\n"
    "         portico user create bo --email bo@example.org --name Bo --role agent --team network --tier 2",
)
@click.argument("username")
@click.option("--email", required=True, help="Address for notifications.")
@click.option("--name", "display_name", required=True, help="Name others see.")
@click.option("--role", "roles", multiple=True, help="Key of a role, as administrator or agent; may be repeated.")
@click.option("--team", help="Key of a team: roles are limited to it, and the person becomes its member.")
@click.option("--tier", type=click.IntRange(1, 3), help="Support tier in the team.")
@click.option("--locale", default="en", show_default=True, help="Language: en or de.")
@click.option("--time-zone", default=None, help="For example Europe/Berlin; without it the portal's default.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@click.option("--must-change", is_flag=True, help="The person must choose a new password at the first sign-in.")
@with_appcontext
def create(  # noqa: PLR0917 (click passes options by name)
    username: str,
    email: str,
    display_name: str,
    roles: tuple[str, ...],
    team: str | None,
    tier: int | None,
    locale: str,
    time_zone: str | None,
    password_stdin: bool,
    must_change: bool,
) -> None:
    """Make an account, the first administrator for example."""
    from portal.core.db import unit_of_work
    from portal.core.origin import origin
    from portal.directory import api, passwords

    secret = _ask_password(password_stdin)
    with origin(_ORIGIN), unit_of_work():
        user = api.create_person(
            username,
            email=email,
            display_name=display_name,
            roles=roles,
            team_key=team,
            tier=tier,
            locale=locale,
            time_zone=time_zone,
            password=passwords.choose(secret, username=username, email=email),
            must_change_password=must_change,
            actor=None,
        )
        name = user.username
    click.echo(f"The account {name} is ready.")


@user_commands.command("list", epilog="Example: portico user list")
@with_appcontext
def list_accounts() -> None:
    """Show every account: user name, state, address, name."""
    from portal.core import clock
    from portal.directory.queries.people import list_users

    now = clock.now()
    for user in list_users():
        paused = user.locked_until is not None and user.locked_until > now
        state = "closed" if not user.is_active else "paused" if paused else "open"
        click.echo(f"{user.username}\t{state}\t{user.email}\t{user.display_name}")


@user_commands.command("unlock", epilog="Example: portico user unlock ada")
@click.argument("username")
@with_appcontext
def unlock(username: str) -> None:
    """End the pause after wrong passwords."""
    from portal.core.db import unit_of_work
    from portal.core.origin import origin
    from portal.directory.api import get_user_by_name
    from portal.directory.services.accounts import unlock_user

    with origin(_ORIGIN), unit_of_work():
        unlock_user(get_user_by_name(username), actor=None)
    click.echo(f"{username} may sign in again.")


@user_commands.command(
    "set-password",
    epilog="\b\nExample: portico user set-password ada\n"
    '         printf %s "$SECRET" | portico user set-password ada --password-stdin --must-change',
)
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@click.option("--must-change", is_flag=True, help="The person must choose a new password at the next sign-in.")
@with_appcontext
def set_password_of(username: str, password_stdin: bool, must_change: bool) -> None:
    """Set a password; every session of the person ends."""
    from portal.core.db import unit_of_work
    from portal.core.origin import origin
    from portal.directory import passwords
    from portal.directory.api import get_user_by_name
    from portal.directory.services.password_change import set_password

    known = get_user_by_name(username)
    chosen = passwords.choose(_ask_password(password_stdin), username=known.username, email=known.email)
    with origin(_ORIGIN), unit_of_work():
        set_password(get_user_by_name(username), password=chosen, must_change=must_change, actor=None)
    click.echo(f"The password of {username} is set.")


@user_commands.command("deactivate", epilog="Example: portico user deactivate ada --reason 'Left the company'")
@click.argument("username")
@click.option("--reason", default="", help="Why, for the audit trail.")
@with_appcontext
def deactivate(username: str, reason: str) -> None:
    """Close an account and end its sessions; what the person did stays."""
    from portal.core.db import unit_of_work
    from portal.core.origin import origin
    from portal.directory.api import get_user_by_name
    from portal.directory.services.accounts import deactivate_user

    with origin(_ORIGIN), unit_of_work():
        deactivate_user(get_user_by_name(username), actor=None, reason=reason)
    click.echo(f"The account {username} is closed.")


def _ask_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    secret: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return secret


COMMANDS = (user_commands,)
