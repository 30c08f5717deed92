"""The command ``portico``: every command of the product, with help and honest exit codes."""

import os
import sys
from collections.abc import Iterator

import click
from flask import Flask
from flask.cli import ScriptInfo

from knowledge.cli import COMMANDS as KNOWLEDGE
from portal.core.audit.cli import COMMANDS as AUDIT
from portal.core.errors import PorticoError
from portal.core.outbox.cli import COMMANDS as OUTBOX
from portal.directory.cli import COMMANDS as DIRECTORY
from portal.operations.cli import COMMANDS as OPERATIONS
from status_page.cli import COMMANDS as STATUS_PAGE


class SentenceGroup(click.Group):
    """Shows an error of ours as its sentence, without a traceback, and exits with 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except PorticoError as error:
            raise click.ClickException(error.sentence) from error


class FullHelpGroup(SentenceGroup):
    """Lists every command, those of its groups too, with what it does and how it is called."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands, each with an example"):
            for name, command in commands_of(self):
                formatter.write_text(name)
                with formatter.indentation():
                    formatter.write_text((command.help or "").partition("\n\n")[0])
                    formatter.write(f"{'':{formatter.current_indent}}{example_of(command)}\n\n")


def commands_of(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command that is not hidden, under the words that are typed for it."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands_of(command, f"{prefix}{name} ")
        elif not command.hidden:
            yield prefix + name, command


def example_of(command: click.Command) -> str:
    """Return the first line that the end of a command's help gives as an example."""
    return (command.epilog or "").partition("Example: ")[2].partition("\n")[0]


@click.group(cls=FullHelpGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="portico", prog_name="portico")
def portico() -> None:
    """Portico, the IT self-service portal."""


for command in (*OPERATIONS, *DIRECTORY, *AUDIT, *OUTBOX, *KNOWLEDGE, *STATUS_PAGE):
    portico.add_command(command)


def main() -> None:
    """Entry point of the command."""
    # Before anything loads numpy. Its linear algebra would share each multiplication among all processors, and wait for
    # the shares in a loop: with several processes and threads every search then takes twice the work. Whoever starts the
    # portal may decide otherwise.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    # The factory is imported when a command needs it, so that --help answers at once.
    def create() -> Flask:
        from portal.app import create_app

        return create_app()

    portico.main(obj=ScriptInfo(create_app=create), prog_name="portico", args=sys.argv[1:])
