"""Calling the demo organisation's loader, when this installation has one.

``portal.demo.load`` offers ``load_demo() -> None``, called once inside the application's context
(it commits as it goes), and ``ACCOUNTS``: pairs of user name and password to print.
"""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

import sqlalchemy as sa

from portal.core.settings import Settings

LOADER = "portal.demo.load"


def load_demo_once(settings: Settings) -> bool:
    """Load the demo organisation into a database that holds nobody yet; returns whether it did."""
    loader = _loader()
    if loader is None:
        return False
    # The application is needed only when there is something to load.
    from portal.app import create_app
    from portal.core.db import db
    from portal.directory.models import User

    with create_app(settings).app_context():
        if db.session.scalar(sa.select(sa.exists().where(User.id.is_not(None)))):
            return False
        loader.load_demo()
    return True


def demo_account_lines() -> list[str]:
    """Return one line for each account of the demo organisation, for the terminal."""
    loader = _loader()
    accounts: Iterable[tuple[str, str]] = getattr(loader, "ACCOUNTS", ())
    lines = [f"  {name}  {password}" for name, password in accounts]
    return ["Accounts of the demo organisation (user name, password):", *lines] if lines else []


def _loader() -> ModuleType | None:
    return import_module(LOADER) if find_spec(LOADER) else None
