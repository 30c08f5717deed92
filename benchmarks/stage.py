"""A portal to measure: a database with people, articles and tickets, and the server the product's own command starts."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from urllib.parse import urlencode

import sqlalchemy as sa
from argon2 import PasswordHasher

from knowledge.tasks import check_unchecked
from portal.app import FEATURES, create_app
from portal.core import clock
from portal.core.db import db, unit_of_work
from portal.core.settings import Settings
from portal.directory.models import Role, RoleAssignment, Service, Team, User
from portal.directory.roles import apply_builtin_roles
from portal.operations.preflight import make_engine
from portal.operations.upgrading import migrate
from triage.assistant.models import Conversation
from triage.tickets.enums import Impact, TicketState, Urgency
from triage.tickets.models import Ticket, TicketSequence

PASSWORD = "a-password-for-measuring"
PEOPLE = 200
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
    "login",
    "mail",
    "update",
    "error",
    "wifi",
    "meeting",
    "license",
    "invoice",
    "browser",
    "keyboard",
    "mouse",
    "dock",
    "token",
    "certificate",
    "backup",
    "slow",
    "blocked",
    "missing",
    "new",
]


def prepare(settings: Settings, *, articles: int, tickets: int, environment: dict[str, str], folder: Path) -> None:
    """Fill an empty database."""
    migrate(make_engine(settings))
    with create_app(settings).app_context():
        with unit_of_work():
            apply_builtin_roles(FEATURES)
        with unit_of_work():
            _people()
        with unit_of_work():
            _tickets(tickets)
        db.engine.dispose()
    _articles(articles, environment, folder)
    with create_app(settings).app_context():
        # What the worker does once in the minutes after an import; it takes its time and would be measured with it.
        check_unchecked()
        db.engine.dispose()


def _people() -> None:
    hashed = PasswordHasher().hash(PASSWORD)
    teams = [Team(key=f"team{number}", name=f"Team {number}") for number in range(6)]
    db.session.add_all(teams)
    db.session.flush()
    for number in range(12):
        service = Service(key=f"service{number}", name=f"Service {number}", owner_team=teams[number % len(teams)])
        db.session.add(service)
    users = [
        User(username=name, email=f"{name}@portico.example", display_name=name.title(), password_hash=hashed)
        for name in ["agent", *(f"person{number}" for number in range(PEOPLE))]
    ]
    db.session.add_all(users)
    db.session.flush()
    role = db.session.scalars(sa.select(Role).where(Role.key == "agent")).one()
    db.session.add(RoleAssignment(user_id=users[0].id, role_id=role.id))


def _tickets(count: int) -> None:
    chance = Random(1)
    users = db.session.scalars(sa.select(User.id)).all()
    services = db.session.execute(sa.select(Service.id, Service.owner_team_id)).all()
    now = clock.now()
    rows = []
    for number in range(1, count + 1):
        service, team = chance.choice(services)
        solved = chance.random() < 0.8
        created = now - timedelta(minutes=chance.randrange(500_000))
        requester = chance.choice(users)
        rows.append(
            {
                "number": number,
                "title": " ".join(chance.choices(WORDS, k=5)),
                "description": " ".join(chance.choices(WORDS, k=60)),
                "requester_id": requester,
                "opened_by_id": requester,
                "team_id": team,
                "service_id": service,
                "impact": chance.choice(list(Impact)),
                "urgency": chance.choice(list(Urgency)),
                "priority": chance.randint(1, 5),
                "state": TicketState.RESOLVED if solved else TicketState.NEW,
                "resolution": "Solved." if solved else "",
                "resolved_at": created + timedelta(hours=4) if solved else None,
                "created_at": created,
                "updated_at": created,
                "last_activity_at": created,
                "version": 1,
            }
        )
    for start in range(0, len(rows), 1000):
        db.session.execute(sa.insert(Ticket), rows[start : start + 1000])
    db.session.merge(TicketSequence(id=1, last_number=count))


def _articles(count: int, environment: dict[str, str], folder: Path) -> None:
    """Import articles with the product's own command; write them first when the folder is not there."""
    if not folder.exists():
        folder.mkdir()
        chance = Random(2)
        for number in range(count):
            (folder / f"article-{number:05}.md").write_text(_article(number, chance))
    command = [sys.executable, "-m", "portal", "import-articles", str(folder), "--audience", "public"]
    done = subprocess.run(command, env=environment, check=False, stdout=sys.stderr)
    # The command ends with 1 when it refused single files; the others are there.
    assert done.returncode in (0, 1), f"the import ended with {done.returncode}"
    # Else the worker would take half of the machine for minutes, while the pages are measured.
    subprocess.run(
        [sys.executable, "-m", "portal", "index", "rebuild", "--threads", "2"],
        env=environment,
        check=True,
        stdout=sys.stderr,
    )


def _article(number: int, chance: Random) -> str:
    title = " ".join(chance.choices(WORDS, k=4)).capitalize()
    parts = [
        f"## Step {step}\n\n{' '.join(chance.choices(WORDS, k=90))}.\n\n- " + "\n- ".join(chance.choices(WORDS, k=4))
        for step in range(1, 6)
    ]
    return f"---\ntitle: {title} {number}\n---\n\n" + "\n\n".join(parts) + "\n"


def article_paths(settings: Settings, count: int) -> list[str]:
    """Return the addresses of some articles."""
    with make_engine(settings).connect() as connection:
        rows = connection.execute(sa.text("SELECT id, slug FROM article ORDER BY id LIMIT :count"), {"count": count})
        return [f"/articles/{number}/{slug}" for number, slug in rows]


def begin_conversations(settings: Settings, count: int) -> list[str]:
    """Ask as many questions as somebody who is not signed in yet, and return the tokens to go on with."""
    now = clock.now()
    rows = [
        {"token": f"question{number}", "text": "The VPN drops.", "created_at": now, "updated_at": now}
        for number in range(count)
    ]
    with make_engine(settings).begin() as connection:
        connection.execute(sa.insert(Conversation), rows)
    return [row["token"] for row in rows]  # type: ignore[misc]


@contextmanager
def server(port: int, environment: dict[str, str], log: Path) -> Iterator[int]:
    """Run ``portico run`` and yield its process id once it is ready."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal", "run"], env=environment, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + 120
        while "is ready" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The server did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


def sign_in(port: int, username: str) -> str:
    """Sign in through the form, as a browser does, and return the cookie."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/sign-in", headers={"Host": f"localhost:{port}"})
    answer = connection.getresponse()
    cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
    token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', answer.read())
    assert token is not None, "the sign-in form has no token"
    body = urlencode({"csrf_token": token[1].decode(), "username": username, "password": PASSWORD})
    headers = {"Host": f"localhost:{port}", "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/sign-in", body=body, headers=headers)
    answer = connection.getresponse()
    assert answer.status == 303, f"sign-in answered {answer.status}"
    cookies = [value for name, value in answer.getheaders() if name == "Set-Cookie" and value.startswith("portico=")]
    return cookies[0].partition(";")[0]
