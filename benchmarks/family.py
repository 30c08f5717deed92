"""Memory and work of a process and all its children, from /proc."""

import os
import re
import threading
import time
from pathlib import Path

_SHARE = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
_IDLE_SHARE_OF_A_CORE = 0.05


def family_mib(root: int) -> float:
    """Return what a process and everything below it take of the memory, in MiB.

    A page that several processes share counts once in all (proportional set size).
    """
    return sum(_memory_bytes(process) for process in _family(root)) / 2**20


def wait_until_idle(root: int, *, seconds: float = 600) -> None:
    """Wait until a process and everything below it have hardly worked for three seconds.

    After a start and after an import the worker has things to put in order, and would be measured with the pages.
    """
    until, spent = time.monotonic() + seconds, -1.0
    while time.monotonic() < until:
        before, spent = spent, sum(_cpu_seconds(process) for process in _family(root))
        if 0 <= spent - before < 3 * _IDLE_SHARE_OF_A_CORE and before >= 0:
            return
        time.sleep(3)
    raise TimeoutError(f"The processes below {root} still work after {seconds:.0f} seconds.")


class PeakMemory(threading.Thread):
    """Looks every two seconds, since each look stops the processes for a moment, and keeps the largest."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root, self.peak, self.ended = root, 0.0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(2):
            self.peak = max(self.peak, family_mib(self.root))


def _family(root: int) -> set[int]:
    parents = {
        int(folder.name): int(stat[1]) for folder in Path("/proc").glob("[0-9]*") if (stat := _stat(int(folder.name)))
    }
    family, grown = {root}, True
    while grown:
        more = {process for process, parent in parents.items() if parent in family} - family
        family |= more
        grown = bool(more)
    return family


def _stat(process: int) -> list[str]:
    """Return the fields after the name, none when the process is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def _memory_bytes(process: int) -> int:
    try:
        share = _SHARE.search(Path(f"/proc/{process}/smaps_rollup").read_text())
    except OSError:
        return 0
    return int(share[1]) * 1024 if share else 0


def _cpu_seconds(process: int) -> float:
    stat = _stat(process)
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK") if stat else 0.0
