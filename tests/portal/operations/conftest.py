from pathlib import Path

import pytest

from portal.core.settings import Settings, load_settings
from tests.postgresql import postgresql_url


@pytest.fixture
def empty_settings(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings with a data folder and a database that nothing has touched, on each engine."""
    url = postgresql_url("portico_ops") if engine_name == "postgresql" else ""
    return load_settings(data_dir=tmp_path / "data", database_url=url, log_format="text")
