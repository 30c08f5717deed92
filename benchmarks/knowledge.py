"""How fast the knowledge base works: ``python -m benchmarks.knowledge --folder DOCS --articles 10000``.

Prints as JSON: the import of a folder (first and second run, memory), the difference of two versions of 7 kB, and the
owner's desk with many articles: the whole request with rendering, and how many queries it makes with few and with all
articles. Times of import are wall-clock and of this process; the rest is per call.
"""

import argparse
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from knowledge.comparing.difference import difference
from knowledge.content import ArticleContent
from knowledge.importing.services import ImportOptions, import_folder
from knowledge.models import Article
from knowledge.services.articles import create_article, newest_version, publish_version
from knowledge.services.sections import create_section
from portal.app import FEATURES, create_app
from portal.core.db import db, unit_of_work
from portal.core.settings import load_settings
from portal.directory.api import Role, RoleAssignment, User
from portal.directory.roles import apply_builtin_roles
from portal.operations.preflight import make_engine
from portal.operations.upgrading import migrate
from tests.postgresql import postgresql_url

WORDS = [
    "printer",
    "password",
    "outlook",
    "vpn",
    "screen",
    "account",
    "network",
    "laptop",
    "calendar",
    "phone",
    "share",
    "folder",
    "mail",
    "update",
    "error",
]
VERSION_BYTES = 7_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="Markdown files to import; left out without it")
    parser.add_argument("--articles", type=int, default=10_000, help="articles on the owner's desk")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"engine": arguments.engine, "difference": measure_difference()}
    with tempfile.TemporaryDirectory() as folder:
        url = postgresql_url("portico_knowledge") if arguments.engine == "postgresql" else ""
        settings = load_settings(data_dir=Path(folder), database_url=url, log_level="error")
        migrate(make_engine(settings))
        app = create_app(settings)
        with app.app_context():
            if arguments.folder:
                result["import"] = measure_import(arguments.folder)
            with unit_of_work():
                apply_builtin_roles(FEATURES)
                owner = _owner()
            _fill(arguments.articles, owner.id)
            owner_id = owner.id
        # Outside the context: each request has its own, as in the web server.
        result["desk"] = measure_desk(app, owner_id)
        with app.app_context():
            db.engine.dispose()
    print(json.dumps(result, indent=2))


def measure_import(folder: Path) -> dict[str, Any]:
    times = []
    counts = []
    for _ in range(2):
        started, used = time.perf_counter(), time.process_time()
        report = import_folder(folder, ImportOptions(audience=("public",)))
        times.append((time.perf_counter() - started, time.process_time() - used))
        counts.append({outcome.value: number for outcome, number in report.counts().items()})
    return {
        "files": sum(counts[0].values()),
        "first": counts[0] | {"seconds": round(times[0][0], 1), "cpu_seconds": round(times[0][1], 1)},
        "second": counts[1] | {"seconds": round(times[1][0], 1), "cpu_seconds": round(times[1][1], 1)},
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def measure_difference() -> dict[str, Any]:
    """Two versions of 7 kB in paragraphs of 60 words, one word in thirty changed."""
    chance = random.Random(7)
    times = []
    for _ in range(100):
        words = [chance.choice(WORDS) for _ in range(VERSION_BYTES // 7)]
        changed = [chance.choice(WORDS) if chance.random() < 1 / 30 else word for word in words]
        old, new = (
            "\n\n".join(" ".join(text[i : i + 60]) for i in range(0, len(text), 60)) for text in (words, changed)
        )
        started = time.perf_counter()
        difference(old, new)
        times.append(time.perf_counter() - started)
    return {"bytes": VERSION_BYTES, **_report(times)}


def measure_desk(app: Flask, owner_id: int) -> dict[str, Any]:
    """One desk page from the request to the finished answer, without the network: sign-in, rights, queries, rendering."""
    client = app.test_client()
    with app.app_context():
        user = db.session.get_one(User, owner_id)
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = user.get_id(), True
        articles = db.session.scalar(sa.select(sa.func.count(Article.id)))
    statements: list[str] = []
    event.listen(sa.Engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    found: dict[str, Any] = {"articles": articles}
    for name in ("overdue", "all", "failing"):
        path = f"/knowledge?list={name}"

        def one(path: str = path) -> None:
            answer = client.get(path)
            if answer.status_code != 200:
                raise SystemExit(f"{path} answered {answer.status_code}.")

        one()
        statements.clear()
        used = time.process_time()
        times = _timed(one, 30)
        cpu = (time.process_time() - used) / 30
        queries = sum(not text.startswith(("BEGIN", "ROLLBACK")) for text in statements) // 30
        found[name] = {**_report(times), "cpu_ms": round(cpu * 1000, 1), "queries": queries}
    return found


def _timed(call: Callable[[], None], times: int) -> list[float]:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return found


def _report(times: Sequence[float]) -> dict[str, float]:
    return {"p50_ms": round(median(times) * 1000, 1), "p95_ms": round(quantiles(times, n=20)[-1] * 1000, 1)}


def _owner() -> User:
    user = User(username="owner.desk", email="owner.desk@portico.example", display_name="Owner")
    db.session.add(user)
    db.session.flush()
    role = db.session.scalars(sa.select(Role).where(Role.key == "knowledge_owner")).one()
    db.session.add(RoleAssignment(user_id=user.id, role_id=role.id))
    db.session.flush()
    return user


def _fill(wanted: int, owner_id: int) -> None:
    chance = random.Random(11)
    left = wanted - (db.session.scalar(sa.select(sa.func.count(Article.id))) or 0)
    for start in range(0, left, 200):
        with unit_of_work():
            owner = db.session.get_one(User, owner_id)
            section = create_section(f"Part {start}", actor=None)
            for number in range(start, min(start + 200, left)):
                text = " ".join(chance.choice(WORDS) for _ in range(40))
                article = create_article(
                    ArticleContent(f"How to {text[:40]} {number}", text),
                    section=section,
                    actor=None,
                    owner=owner,
                    review_months=1 + number % 24,
                )
                publish_version(newest_version(article), actor=None)
                if number % 5 == 0 and article.review_due_at and article.reviewed_at:
                    # Every fifth is overdue.
                    article.review_due_at = article.reviewed_at
        db.session.expunge_all()


if __name__ == "__main__":
    main()
