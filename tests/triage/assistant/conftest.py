from collections.abc import Iterator

import pytest
from flask import Flask

from portal.core.web.security import limiter


@pytest.fixture(autouse=True)
def _nobody_is_slowed_down(app: Flask) -> Iterator[None]:
    """Each test begins with nothing counted, and leaves nothing counted to others."""
    limiter.reset()
    yield
    limiter.reset()
