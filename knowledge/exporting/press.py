"""Setting PDFs in a process beside the portal, and keeping what was set for a while."""

import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Timer

from flask import current_app

from knowledge.errors import PdfFailed, PdfUnavailable
from knowledge.exporting.typeset import LIBRARIES_MISSING
from portal.core.texts import gettext

PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
# Isolated, so that nothing but the installed packages is imported.
_PROGRAM = (sys.executable, "-I", str(Path(__file__).with_name("typeset.py")))
_MOST_WORDS_OF_ERROR = 2_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Manuscript:
    """What is to be set: a page of HTML, and the files behind the addresses of its pictures."""

    html: str
    pictures: dict[str, str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of everything that decides how the PDF looks; pictures never change behind their address."""
        return hashlib.sha256(self.html.encode("utf-8", "replace")).hexdigest()


def print_pdf(
    manuscript: Manuscript,
    target: Path,
    *,
    seconds: float,
    on_page: Callable[[int], None] | None = None,
    program: Sequence[str] | None = None,
) -> Path:
    """Set a manuscript and write the PDF to ``target``, whole or not at all. ``on_page`` hears of each page begun.

    Raises:
        PdfUnavailable: the libraries of the system are missing; the sentence names the packages.
        PdfFailed: it took longer than ``seconds``, or the program failed; the log says why.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{os.getpid()}.{os.urandom(4).hex()}")
    work = json.dumps({"html": manuscript.html, "pictures": manuscript.pictures, "target": str(draft)})
    try:
        code, said = _run(program or current_app.extensions.get("portico_press", _PROGRAM), work, seconds, on_page)
        if code == LIBRARIES_MISSING:
            raise PdfUnavailable(
                gettext(
                    "PDF is not available on this server: libraries of the system are missing. An administrator can "
                    "install them: apt-get install %(packages)s.",
                    packages=PACKAGES,
                )
            )
        if code != 0 or not draft.exists():
            logger.error("A PDF could not be set (exit code %d): %s", code, said[-_MOST_WORDS_OF_ERROR:])
            raise PdfFailed(gettext("The PDF could not be made. Try fewer articles, or tell an administrator."))
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def kept_pdf(manuscript: Manuscript) -> Path:
    """Return where the PDF of a manuscript is kept, whether it is there yet or not.

    Only who may read the articles can put the manuscript together, so only they come by its digest.
    """
    return folder() / f"{manuscript.digest}.pdf"


def folder() -> Path:
    root: Path = current_app.extensions["portico_settings"].data_dir
    return root / "pdf"


def _run(program: Sequence[str], work: str, seconds: float, on_page: Callable[[int], None] | None) -> tuple[int, str]:
    process = subprocess.Popen(  # noqa: S603 (our own program, with nothing of a request in its arguments)
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    )
    limit = Timer(seconds, process.kill)
    limit.start()
    said: list[str] = []
    try:
        assert process.stdin is not None and process.stdout is not None
        try:
            with process.stdin as stdin:
                stdin.write(work)
        except BrokenPipeError:
            pass
        for line in process.stdout:
            if line.strip().isdigit():
                if on_page:
                    on_page(int(line))
            else:
                said.append(line)
        return process.wait(), "".join(said)
    finally:
        limit.cancel()
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
