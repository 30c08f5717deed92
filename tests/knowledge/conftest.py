"""What tests of the knowledge base share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from knowledge.indexing.opening import release_index


@pytest.fixture
def by_meaning(app: Flask, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An index of the test's own with the model."""
    kept = app.extensions["portico_settings"]
    models = tmp_path_factory.getbasetemp() / "shared-model"
    models.mkdir(exist_ok=True)
    (tmp_path / "models").symlink_to(models)
    app.extensions["portico_settings"] = kept.model_copy(update={"semantic_search": True, "data_dir": tmp_path})
    release_index()
    yield
    release_index()
    app.extensions["portico_settings"] = kept
