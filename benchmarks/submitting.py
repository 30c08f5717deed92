"""How long it takes to submit a ticket: the real form, by people who are signed in, each on a connection of their own."""

import asyncio
import re
import time
from urllib.parse import urlencode

from benchmarks.clients import Connection, Measured, request
from benchmarks.stage import begin_conversations, sign_in
from portal.core.settings import Settings

# More than can be submitted, so that nobody runs out of forms.
_FORMS_A_SECOND = 200
_HIDDEN = re.compile(rb'<input[^>]*name="(csrf_token|form_token)"[^>]*value="([^"]+)"')
_COOKIE = re.compile(rb"\r\nset-cookie: *(portico=[^;]+)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]+)", re.IGNORECASE)
_ANSWERS = {"kind": "incident", "impact": "minor", "urgency": "high", "service": "", "category": ""}
_WORDS = {"title": "The VPN drops", "description": "Every two minutes, at home and in the office."}


def measure_submission(port: int, settings: Settings, *, clients: int, seconds: float) -> Measured:
    """Submit tickets from several people at once, for so long.

    The forms were opened before, as people's are, who take a while to write; and the questions asked before that,
    because asking is limited to a few a minute. What does not end in a ticket counts as an error.
    """
    questions = begin_conversations(settings, (int(seconds * _FORMS_A_SECOND / clients) + 1) * clients)
    people = [_Person(port, f"person{number}", questions[number::clients]) for number in range(clients)]
    return asyncio.run(_measure(people, seconds))


async def _measure(people: list["_Person"], seconds: float) -> Measured:
    measured = Measured()
    await asyncio.gather(*(person.open_forms() for person in people))
    # One of each goes before: it fills caches and is not counted.
    await asyncio.gather(*(person.submit(Measured()) for person in people))
    started = time.perf_counter()
    await asyncio.gather(*(person.submit_until(started + seconds, measured) for person in people))
    measured.seconds = time.perf_counter() - started
    return measured


class _Person:
    """Somebody in a browser that keeps its connection and cookies."""

    def __init__(self, port: int, name: str, questions: list[str]) -> None:
        self.port, self.cookie = port, sign_in(port, name)
        self.paths = [f"/ask/{question}" for question in questions]
        self.forms: list[tuple[str, str]] = []
        self.connection = Connection(port)

    async def open_forms(self) -> None:
        """Open the form of each question, and fill it in."""
        for path in self.paths:
            answer = await self.connection.ask(request(f"{path}/ticket", self.port, self.cookie))
            self._keep_cookie(answer.head)
            hidden = {name.decode(): value.decode() for name, value in _HIDDEN.findall(answer.body)}
            self.forms.append((path, urlencode({**_ANSWERS, **_WORDS, **hidden})))

    async def submit_until(self, until: float, measured: Measured) -> None:
        while time.perf_counter() < until and self.forms:
            await self.submit(measured)

    async def submit(self, measured: Measured) -> None:
        path, form = self.forms.pop()
        sent = request(f"{path}/ticket", self.port, self.cookie, form=form)
        if answer := await self.connection.timed(sent, measured):
            self._keep_cookie(answer.head)
            location = _LOCATION.search(answer.head)
            measured.errors += answer.status != 303 or location is None or location[1].decode() != f"{path}/sent"

    def _keep_cookie(self, head: bytes) -> None:
        if found := _COOKIE.search(head):
            self.cookie = found[1].decode()
