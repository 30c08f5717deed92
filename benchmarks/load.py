"""How fast the production server answers: ``python -m benchmarks.load --articles 2439 --tickets 10000``.

Starts the server with the product's own command on a free port, with a database of its own, and prints JSON.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.clients import Measured, measure
from benchmarks.family import PeakMemory, family_mib, wait_until_idle
from benchmarks.stage import article_paths, prepare, server, sign_in
from benchmarks.submitting import measure_submission
from portal.core.settings import Settings, load_settings
from tests.postgresql import postgresql_url
from tests.processes import free_port, portico_environment

QUERIES = ("outlook+password", "vpn+token", "printer+missing", "slow+laptop+update", "share+folder+blocked")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_439)
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--keyword-engine", choices=["whoosh", "tantivy"], default="whoosh", help="with SQLite")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=8.0, help="for each page")
    parser.add_argument("--pages", default="", help="comma-separated names; all without it")
    parser.add_argument("--folder", type=Path, help="import these Markdown files instead of made-up articles")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(arguments, Path(folder)), indent=2))


def run(arguments: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Prepare, start, measure every page, and return the result."""
    port = free_port()
    url = postgresql_url("portico_load") if arguments.engine == "postgresql" else ""
    keyword = arguments.keyword_engine
    environment = portico_environment(
        folder / "data", database_url=url, port=port, log_level="warning", search_keyword_engine=keyword
    )
    settings = load_settings(data_dir=folder / "data", database_url=url, port=port, search_keyword_engine=keyword)
    prepare(
        settings,
        articles=arguments.articles,
        tickets=arguments.tickets,
        environment=environment,
        folder=arguments.folder or folder / "articles",
    )
    with server(port, environment, folder / "log") as process:
        wait_until_idle(process)
        idle = family_mib(process)
        memory = PeakMemory(process)
        memory.start()
        wanted = set(filter(None, arguments.pages.split(",")))
        pages = {
            name: ask().report()
            for name, ask in _pages(port, settings, arguments.clients, arguments.seconds).items()
            if not wanted or name in wanted
        }
        memory.ended.set()
    return {
        "engine": arguments.engine,
        "keyword_engine": arguments.keyword_engine,
        "articles": str(arguments.folder) if arguments.folder else arguments.articles,
        "tickets": arguments.tickets,
        "clients": arguments.clients,
        "pages": pages,
        "memory_mib": {"idle": round(idle, 1), "peak": round(memory.peak, 1)},
    }


def _pages(port: int, settings: Settings, clients: int, seconds: float) -> dict[str, Callable[[], Measured]]:
    """Return what is measured by name, each with its paths and the cookie of who asks."""
    articles = article_paths(settings, 50)
    agent, person = sign_in(port, "agent"), sign_in(port, "person7")
    read = {
        "alive": (["/healthz"], ""),
        "home": (["/"], ""),
        "article": (articles, ""),
        "search": ([f"/search?q={query}" for query in QUERIES], ""),
        "home_signed_in": (["/"], person),
        "article_signed_in": (articles, person),
        "my_tickets": (["/tickets"], person),
        "queue": (["/queue"], agent),
        "ask": (["/ask"], person),
    }
    asked: dict[str, Callable[[], Measured]] = {
        name: partial(measure, port, paths, clients=clients, seconds=seconds, cookie=cookie)
        for name, (paths, cookie) in read.items()
        if paths
    }
    # Last, because it adds tickets.
    return asked | {"submit": partial(measure_submission, port, settings, clients=clients, seconds=seconds)}


if __name__ == "__main__":
    main()
