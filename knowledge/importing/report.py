"""What became of each file of an import."""

import csv
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path


class Outcome(StrEnum):
    """What an import did with a file."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class FileReport:
    """One file: what became of it, why it was refused, and what a person should know."""

    path: str
    outcome: Outcome
    title: str = ""
    article_id: int | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass
class ImportReport:
    """The whole import. ``gone`` names files of an earlier import that the folder no longer has."""

    files: list[FileReport] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    # Names in front matter that mean nothing here, with how many files have them.
    ignored: Counter[str] = field(default_factory=Counter)

    def add(self, file: FileReport) -> None:
        self.files.append(file)

    def counts(self) -> dict[Outcome, int]:
        found = Counter(file.outcome for file in self.files)
        return {outcome: found[outcome] for outcome in Outcome}

    def refused(self) -> list[FileReport]:
        return [file for file in self.files if file.outcome is Outcome.REFUSED]

    def write(self, path: Path) -> None:
        """Write one row a file, as CSV or, when the name ends so, as JSON."""
        rows = [asdict(file) | {"notes": " ".join(file.notes)} for file in self.files]
        if path.suffix.lower() == ".json":
            path.write_text(
                json.dumps(
                    {"files": rows, "gone": self.gone, "ignored": dict(self.ignored)}, ensure_ascii=False, indent=1
                ),
                "utf-8",
            )
            return
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, ["path", "outcome", "title", "article_id", "reason", "notes"])
            writer.writeheader()
            writer.writerows(rows)
