"""The commands that run Portico."""

import click

from portal.core.settings import load_settings


@click.command(epilog="Example: portico upgrade --check")
@click.option("--check", is_flag=True, help="Only look: change nothing, end with 1 when an upgrade is needed.")
@click.option("--quiet", is_flag=True, help="Say nothing when there was nothing to do.")
def upgrade(check: bool, quiet: bool) -> None:
    """Bring the database to this version; safe to run again."""
    # Every command imports what it needs: --help answers at once and the long-running ones stay small.
    from portal.operations.preflight import check_database, make_engine
    from portal.operations.upgrading import upgrade_database

    settings = load_settings()
    if check:
        state = check_database(settings, make_engine(settings))
        if not state.is_current:
            raise click.ClickException(
                f"The database is at {state.current or 'nothing'}; this version needs {state.head}."
            )
        click.echo(f"The database is up to date (revision {state.head}).")
        return
    found = upgrade_database(settings, say=click.echo)
    if not (quiet and found.is_current):
        click.echo(f"The database is up to date (revision {found.head}).")


@click.command("load-demo", hidden=True)
def load_demo() -> None:
    """Load the demo organisation when the database holds nobody yet."""
    from portal.operations.demo import load_demo_once

    load_demo_once(load_settings())


@click.command("demo-accounts", hidden=True)
def demo_accounts() -> None:
    """Print the accounts of the demo organisation."""
    from portal.operations.demo import demo_account_lines

    for line in demo_account_lines():
        click.echo(line)


@click.command(epilog="Example: PORTICO_HOST=0.0.0.0 portico serve")
def serve() -> None:
    """Run the web server alone, for nodes beside others."""
    from portal.operations.server import serve_web

    serve_web(load_settings())


@click.command(epilog="Example: portico worker")
def worker() -> None:
    """Run the worker alone: it sends messages and does background and periodic jobs."""
    from portal.operations.worker import run_worker

    run_worker(load_settings())


@click.command(epilog="Example: portico run --port 8080")
@click.option("--demo", is_flag=True, help="Load the demo organisation into an empty database.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on, instead of PORTICO_PORT.")
def run(demo: bool, port: int | None) -> None:
    """Run everything on this machine: upgrade, web server and worker."""
    from portal.operations.running import run_everything

    run_everything(load_settings(**({"port": port} if port else {})), demo=demo)


@click.command(epilog="Example: portico settings")
@click.option("--markdown", is_flag=True, help="Print the documentation of every setting instead.")
def settings(markdown: bool) -> None:
    """Show the settings in force; secrets are hidden."""
    from portal.operations.settings_page import effective_lines, settings_markdown

    if markdown:
        click.echo(settings_markdown(), nl=False)
        return
    for line in effective_lines(load_settings()):
        click.echo(line)


@click.command(epilog="Example: portico reference")
def reference() -> None:
    """Print every permission and every event of the audit trail, as Markdown."""
    from portal.app import FEATURES
    from portal.operations.reference import reference_markdown

    click.echo(reference_markdown(FEATURES), nl=False)


COMMANDS = (settings, reference, run, serve, worker, upgrade, load_demo, demo_accounts)
