import pytest
from flask import Flask


@pytest.fixture
def indexed(app: Flask) -> Flask:
    """An application whose index is empty at the start of the test."""
    from knowledge.indexing.opening import search_index

    search_index().rebuild(())
    return app
