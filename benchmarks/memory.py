"""Memory of a process and all its children, from /proc."""

import threading
from pathlib import Path

PAGE_SIZE = 4096


def family_mib(root: int) -> float:
    """Return the resident memory of a process and everything below it, in MiB; shared pages count in each."""
    parents, resident = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            resident[int(folder.name)] = int((folder / "statm").read_text().split()[1]) * PAGE_SIZE
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
