"""Opens the model when it is first needed, and goes without it when it cannot be used."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock

from knowledge.search.embedder import Embedder, ModelUnavailable

_RETRY_SECONDS = 60.0
_log = logging.getLogger(__name__)


class LazyModel:
    """A model that may not be there. One that failed is tried again after a minute, so that a repair is noticed."""

    def __init__(self, open_model: Callable[[], Embedder] | None) -> None:
        self._open = open_model
        self._embedder: Embedder | None = None
        # None to open is somebody's decision and no problem.
        self._problem: str | None = None
        self._next_try = 0.0
        self._lock = Lock()

    @property
    def problem(self) -> str | None:
        """Why there is no model, in words for administrators."""
        return self._problem

    def get(self) -> Embedder | None:
        """The model, or None with ``problem`` set."""
        if self._embedder is not None or self._open is None:
            return self._embedder
        with self._lock:
            if self._embedder is None and time.monotonic() >= self._next_try:
                try:
                    self._embedder = self._open()
                    self._problem = None
                except ModelUnavailable as error:
                    _log.warning("search goes on by keyword: %s", error)
                    self._problem = str(error)
                    self._next_try = time.monotonic() + _RETRY_SECONDS
            return self._embedder


def model_record(embedder: Embedder) -> dict[str, str]:
    """What is written beside vectors to know later which model made them."""
    return {"model": embedder.model_id, "precision": embedder.precision, "dimensions": str(embedder.dimensions)}
