import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from status_page.snapshot import folder


@pytest.fixture
def site_folder(app: Flask) -> Iterator[Path]:
    """The folder of the finished pages, empty before and after."""
    path = folder()
    shutil.rmtree(path, ignore_errors=True)
    yield path
    shutil.rmtree(path, ignore_errors=True)
