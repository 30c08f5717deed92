"""Giving memory back to the system."""

import ctypes


def give_back_memory() -> None:
    """Give back what is freed; takes a few milliseconds.

    The C library keeps it for later. After an import or a set of pages that is many megabytes nobody wants again soon.
    """
    if hasattr(c_library := ctypes.CDLL(None), "malloc_trim"):
        c_library.malloc_trim(0)
