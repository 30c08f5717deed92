"""Filters results and counts them by type, service, section and language."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from knowledge.search.document import Filters
from knowledge.search.keyword import Mask
from knowledge.search.snapshot import Snapshot

_FILTERED = {"type": "types", "section": "sections", "language": "languages", "service": "services"}
_MOST_VALUES = 30


def _without(filters: Filters, name: str) -> Filters:
    empty: dict[str, Any] = {name: frozenset()}
    return replace(filters, **empty)


def kept_by(filters: Filters, snapshot: Snapshot[Any]) -> Mask:
    """The rows that pass the filters, [rows]."""
    keep = np.ones(len(snapshot.facts), dtype=np.bool_)
    for name, (values, numbers) in snapshot.columns.items():
        wanted = getattr(filters, _FILTERED[name])
        if wanted:
            keep &= np.isin(numbers, [n for n, value in enumerate(values) if value in wanted])
    if filters.services:
        names, rows, numbers = snapshot.services
        having = np.zeros(len(keep), dtype=np.bool_)
        having[rows[np.isin(numbers, [n for n, name in enumerate(names) if name in filters.services])]] = True
        keep &= having
    if filters.updated_since is not None:
        keep &= snapshot.updated >= filters.updated_since.timestamp()
    return keep


def count_facets(found: Mask, filters: Filters, snapshot: Snapshot[Any]) -> dict[str, dict[str, int]]:
    """How many results each value would leave, the most frequent first.

    Each facet is counted under all filters but its own, so that a reader sees what else could be chosen.
    """
    counted = {}
    keep = kept_by(filters, snapshot)
    for facet, own in _FILTERED.items():
        others = kept_by(_without(filters, own), snapshot) if getattr(filters, own) else keep
        rows = found & others
        if facet == "service":
            values, pair_rows, numbers = snapshot.services
            counts = np.bincount(numbers[rows[pair_rows]], minlength=len(values))
        else:
            values, numbers = snapshot.columns[facet]
            counts = np.bincount(numbers[rows], minlength=len(values))
        best = sorted((n for n in range(len(values)) if counts[n] and values[n]), key=lambda n: (-counts[n], values[n]))
        counted[facet] = {values[n]: int(counts[n]) for n in best[:_MOST_VALUES]}
    return counted
