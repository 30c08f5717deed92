import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.core.web.finished_pages import finished_pages
from status_page.serving import Library
from status_page.snapshot import folder, signing_key


@pytest.fixture
def site_folder(app: Flask) -> Iterator[Path]:
    """The folder of the finished pages, empty before and after."""
    path = folder()
    shutil.rmtree(path, ignore_errors=True)
    yield path
    shutil.rmtree(path, ignore_errors=True)
    # The application keeps what it has read when the folder is lost; the next test must not see it.
    vars(finished_pages(app)).update(vars(Library(path, signing_key())))
