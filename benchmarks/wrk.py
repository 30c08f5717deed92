"""wrk as the client where it is installed: it asks ten times as often as a client in Python can on the same cores."""

import re
import shutil
import subprocess

_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


def is_installed() -> bool:
    return shutil.which("wrk") is not None


def measure(port: int, path: str, *, clients: int, seconds: float, headers: tuple[str, ...] = ()) -> dict[str, object]:
    """Ask for a path from several connections, for so long; ``headers`` are whole lines."""
    lines = [part for header in headers for part in ("-H", header)]
    command = ["wrk", "-t1", f"-c{clients}", "--latency", *lines, f"http://127.0.0.1:{port}{path}"]
    # A short run-up fills caches; it is not counted.
    subprocess.run([*command, "-d1s"], check=True, capture_output=True)
    text = subprocess.run([*command, f"-d{max(1, round(seconds))}s"], check=True, capture_output=True, text=True).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    return {
        "requests_per_second": float(_found(r"Requests/sec:\s+([\d.]+)", text)),
        "p50_ms": _milliseconds("50", text),
        "p99_ms": _milliseconds("99", text),
        "requests": int(_found(r"(\d+) requests in", text)),
        "errors": (int(refused[1]) if refused else 0) + (sum(map(int, broken.groups())) if broken else 0),
    }


def _milliseconds(percent: str, text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", _found(rf"\s{percent}%\s+(\S+)", text)).groups()  # type: ignore[union-attr]
    return round(float(number) * _UNITS[unit], 2)


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, f"wrk answered:\n{text}"
    return found[1]
