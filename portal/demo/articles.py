"""The demo organisation's articles, taken in by the importer that everybody uses."""

from pathlib import Path

from knowledge.api import ImportOptions, import_folder, index_waiting_words
from portal.core.errors import Refused

COLLECTION = "demo"


def load_articles(folder: Path) -> None:
    """Import the articles; each says in its front matter who may read it and who answers for it."""
    report = import_folder(folder, ImportOptions(audience=("signed-in",), collection=COLLECTION))
    refused = report.refused()
    if refused:
        raise Refused(f"The demo article {refused[0].path} was refused: {refused[0].reason}")
    # The first visitor finds something, also before the worker has started.
    index_waiting_words()
