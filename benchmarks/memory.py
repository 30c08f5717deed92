"""Memory of a process and all its children, from /proc."""

import re
import threading
from pathlib import Path

_SHARE = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def family_mib(root: int) -> float:
    """Return what a process and everything below it take of the memory, in MiB.

    A page that several processes share counts once in all (proportional set size).
    """
    parents, resident = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            share = _SHARE.search((folder / "smaps_rollup").read_text())
            resident[int(folder.name)] = int(share[1]) * 1024 if share else 0
        except (OSError, IndexError):
            continue
    family, grown = {root}, True
    while grown:
        more = {process for process, parent in parents.items() if parent in family} - family
        family |= more
        grown = bool(more)
    return sum(resident.get(process, 0) for process in family) / 2**20


class PeakMemory(threading.Thread):
    """Looks twice a second and keeps the largest."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root, self.peak, self.ended = root, 0.0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.5):
            self.peak = max(self.peak, family_mib(self.root))
