"""How long it takes to submit a ticket: the real form, by people who are signed in, each on a connection of their own."""

import re
import time
from http.client import HTTPConnection, HTTPException
from threading import Barrier, Thread
from urllib.parse import urlencode

from benchmarks.clients import Measured
from benchmarks.stage import begin_conversations, sign_in
from portal.core.settings import Settings

# More than can be submitted, so that nobody runs out of forms.
_FORMS_A_SECOND = 200
_HIDDEN = re.compile(r'<input[^>]*name="(csrf_token|form_token)"[^>]*value="([^"]+)"')
_ANSWERS = {"kind": "incident", "impact": "minor", "urgency": "high", "service": "", "category": ""}


def measure_submission(port: int, settings: Settings, *, clients: int, seconds: float) -> Measured:
    """Submit tickets from several people at once, for so long.

    The forms were opened before, as people's are, who take a while to write; and the questions asked before that,
    because asking is limited to a few a minute. What does not end in a ticket counts as an error.
    """
    measured, gate = Measured(), Barrier(clients + 1)
    questions = begin_conversations(settings, (int(seconds * _FORMS_A_SECOND / clients) + 1) * clients)
    people = [_Person(port, f"person{number}", questions[number::clients], measured) for number in range(clients)]
    threads = [Thread(target=person.submit_until, args=(gate, seconds)) for person in people]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    measured.seconds = time.perf_counter() - started
    return measured


class _Person:
    """Somebody in a browser that keeps its connection and cookies."""

    def __init__(self, port: int, name: str, questions: list[str], measured: Measured) -> None:
        self.host, self.questions, self.measured = f"localhost:{port}", questions, measured
        self.cookie = sign_in(port, name)
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def submit_until(self, gate: Barrier, seconds: float) -> None:
        forms = [self._open(question) for question in self.questions]
        # One goes before: it fills caches and is not counted.
        self._send(*forms.pop(), Measured())
        gate.wait()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until and forms:
            try:
                self._send(*forms.pop(), self.measured)
            except (OSError, HTTPException):
                self.measured.errors += 1
                self.connection.close()

    def _open(self, question: str) -> tuple[str, str]:
        """Return the address of a conversation and its form, filled in."""
        path = f"/ask/{question}"
        _, _, page = self._ask("GET", f"{path}/ticket")
        words = {"title": "The VPN drops", "description": "Every two minutes, at home and in the office."}
        return path, urlencode({**_ANSWERS, **words, **dict(_HIDDEN.findall(page))})

    def _send(self, path: str, form: str, measured: Measured) -> None:
        started = time.perf_counter()
        status, location, _ = self._ask("POST", f"{path}/ticket", form)
        measured.milliseconds.append((time.perf_counter() - started) * 1000)
        measured.statuses[status] = measured.statuses.get(status, 0) + 1
        measured.errors += (status, location) != (303, f"{path}/sent")

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str, str]:
        headers = {"Host": self.host, "Cookie": self.cookie, "Accept": "text/html", "Accept-Language": "en"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body=body, headers=headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        for name, value in answer.getheaders():
            if name == "Set-Cookie" and value.startswith("portico="):
                self.cookie = value.partition(";")[0]
        return answer.status, answer.getheader("Location") or "", text
