"""Finds near-duplicates by MinHash (Broder 1997): texts that share almost all runs of four words."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIGNATURE = 64
"""Hashes for each document: the similarity is known to about 0.05 near the threshold."""
SAME = 0.85
"""From this share of common word runs on, two documents are shown as one."""
_RUN = 4
_PRIME = np.uint64((1 << 61) - 1)
_RANDOM = np.random.default_rng(20)
_FACTORS = _RANDOM.integers(1, 1 << 31, SIGNATURE, dtype=np.uint64)
_OFFSETS = _RANDOM.integers(0, 1 << 31, SIGNATURE, dtype=np.uint64)

Signature = NDArray[np.uint32]


def signature(terms: Sequence[str]) -> Signature:
    """The signature of a run of terms: the smallest value of each of 64 hash functions, uint32 [64]."""
    count = max(1, len(terms) - _RUN + 1)
    runs = {zlib.crc32(" ".join(terms[n : n + _RUN]).encode("utf-8", "replace")) for n in range(count)}
    values = np.fromiter(runs, dtype=np.uint64, count=len(runs))
    hashed = (values[:, None] * _FACTORS + _OFFSETS) % _PRIME
    smallest: Signature = (hashed.min(axis=0) & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    return smallest


def fold_duplicates(signatures: Sequence[Signature], groups: Sequence[object]) -> list[list[int]]:
    """Folds later documents into earlier ones that say the same.

    :param signatures: by rank, best first.
    :param groups: documents are only folded within a group, such as their language.
    :returns: the ranks that stay, each followed by the ranks that were folded into it.
    """
    kept: list[list[int]] = []
    if not signatures:
        return kept
    table = np.stack(signatures)
    alike = (table[:, None, :] == table[None, :, :]).sum(axis=2, dtype=np.uint8) >= SAME * SIGNATURE
    for rank in range(len(table)):
        fold = next((f for f in kept if alike[rank, f[0]] and groups[rank] == groups[f[0]]), None)
        if fold is None:
            kept.append([rank])
        else:
            fold.append(rank)
    return kept
