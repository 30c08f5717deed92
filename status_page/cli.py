"""The commands of the status page."""

import os
import sys
from pathlib import Path
from typing import IO

import click
from flask.cli import with_appcontext

from portal.core.db import unit_of_work
from portal.core.errors import ConfigurationError
from portal.core.settings import load_settings


@click.command("status-serve", epilog="Example: portico status-serve --port 8001")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8001, show_default=True, help="Port to listen on.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the finished pages; by default `status` in the data folder, with the portal's signature checked.",
)
def status_serve(host: str, port: int, folder: Path | None) -> None:
    """Serve the finished status page alone: without database, worker or application."""
    # Only this command needs the server.
    from status_page.manifest import key_from
    from status_page.serve import KEY_VARIABLE, StatusServer

    key = b""
    if folder is None:
        settings = load_settings()
        folder, key = settings.data_dir / "status", key_from(settings.secret_key.get_secret_value())
    try:
        StatusServer(host, port, folder).server_close()
    except OSError as error:
        raise ConfigurationError(
            f"Port {port} on {host} cannot be used ({error.strerror}). Choose another one with --port."
        ) from None
    click.echo(f"Serving the status page on http://{host}:{port}/status/ from {folder}")
    sys.stdout.flush()
    # The server imports nothing of the application; taking this process's place keeps it small.
    arguments = [sys.executable, "-m", "status_page.serve", str(folder), str(port), host]
    os.execve(sys.executable, arguments, os.environ | {KEY_VARIABLE: key.hex()})  # noqa: S606


@click.command("status-write", epilog="Example: portico status-write --force")
@click.option("--force", is_flag=True, help="Write although nothing has changed.")
@with_appcontext
def status_write(force: bool) -> None:
    """Write the finished status page now."""
    # Only the writer needs the renderers.
    from status_page.snapshot import read_manifest, write, write_when_stale

    if force:
        write(read_manifest())
    click.echo("Written." if force or write_when_stale() else "The finished pages are up to date.")


@click.command("status-verify", epilog="Example: portico status-verify")
@with_appcontext
def status_verify() -> None:
    """Check the finished status page against its signed list of files."""
    # Only the check needs the manifest.
    from status_page.snapshot import find_forged

    wrong = find_forged()
    if wrong:
        raise click.ClickException(f"Changed or missing: {', '.join(wrong[:10])}. Run `portico status-write --force`.")
    click.echo("Every file is as it was written.")


@click.command("status-export", epilog="Example: portico status-export > components.yaml")
@with_appcontext
def status_export() -> None:
    """Print the components of the status page as YAML."""
    # Only this command needs the exporter.
    from status_page.services.configuration import export_configuration

    click.echo(export_configuration(), nl=False)


@click.command("status-import", epilog="Example: portico status-import components.yaml")
@click.argument("file", type=click.File(encoding="utf-8"))
@with_appcontext
def status_import(file: IO[str]) -> None:
    """Make and change components as a YAML file says; what it does not name stays."""
    # Only this command needs the importer.
    from status_page.services.configuration import import_configuration

    with unit_of_work():
        counts = import_configuration(_text_of(file), actor=None)
    click.echo(", ".join(f"{name}: {count}" for name, count in counts.items()))


@click.command("status-import-history", epilog="Example: portico status-import-history incidents.json")
@click.argument("file", type=click.File(encoding="utf-8"))
@with_appcontext
def status_import_history(file: IO[str]) -> None:
    """Take over incidents that are over from a JSON export in the Statuspage shape; safe to run again."""
    # Only this command needs the importer.
    from status_page.services.history_import import import_history

    with unit_of_work():
        report = import_history(_text_of(file), actor=None)
    click.echo(f"created: {report.created}, known already: {report.known}, refused: {len(report.refused)}")
    for sentence in report.refused:
        click.echo(sentence, err=True)
    if report.refused:
        raise click.exceptions.Exit(1)


def _text_of(file: IO[str]) -> str:
    try:
        return file.read()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file.name} is not UTF-8 text. Save it as UTF-8 and try again.") from None


COMMANDS = (status_export, status_import, status_import_history, status_serve, status_write, status_verify)
