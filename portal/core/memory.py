"""Needing less memory, and giving it back to the system."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def left_out(*modules: str) -> Iterator[None]:
    """Let what is imported inside do without these optional modules, unless they are loaded already.

    A client of a server that is not in use takes about ten megabytes in every process.
    """
    absent = [name for name in modules if name not in sys.modules]
    # None is Python's own word for a module that cannot be imported.
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def give_back_memory() -> None:
    """Give back what is freed; takes a few milliseconds.

    The C library keeps it for later. After an import or a set of pages that is many megabytes nobody wants again soon.
    """
    if hasattr(c_library := ctypes.CDLL(None), "malloc_trim"):
        c_library.malloc_trim(0)
