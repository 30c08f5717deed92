"""The keyword half on PostgreSQL: the postings lie in a table, a term's in a few packed rows."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from knowledge.search.keyword import WEIGHTS, Mask, TermQuery
from knowledge.search.postgresql.tables import Build
from knowledge.search.postgresql.writing import CODE, POSTING
from knowledge.search.postings import Postings, PostingsSegment

_READ = "SELECT term, rows FROM {posting} WHERE term = ANY(%s)"


class PostgresKeyword(PostingsSegment):
    """Scores by postings that are read in one statement for each query, and kept for the next."""

    def __init__(self, build: Build, numbers: NDArray[np.int64], lengths: NDArray[np.int32]) -> None:
        super().__init__(lengths)
        self._build = build
        self._document_numbers = numbers

    def frequencies(self, query: TermQuery, allowed: Mask) -> tuple[list[int], list[int]]:
        # Every score begins with the frequencies, so this is where the whole query is fetched at once.
        forms = {form for term in query.terms for form in term.forms} | {CODE + code for code in query.codes}
        with self._lock:
            missing = [form for form in forms if self._key(form) not in self._kept]
        if missing:
            found = self._fetch(missing)
            with self._lock:
                for key, postings in found.items():
                    self.keep(key, postings)
        return super().frequencies(query, allowed)

    def read(self, name: str, term: str) -> Postings:
        return self._fetch([CODE + term if name == "codes" else term])[name, term]

    @staticmethod
    def _key(form: str) -> tuple[str, str]:
        """What stands for all fields of a form among the kept postings."""
        return ("codes", form.removeprefix(CODE)) if form.startswith(CODE) else ("body", form)

    def _fetch(self, forms: Collection[str]) -> dict[tuple[str, str], Postings]:
        """The postings of some forms, by field and form; empty ones for forms that no document has."""
        blocks: dict[str, list[bytes]] = {form: [] for form in forms}
        for term, rows in self._build.database.fetch(self._build.format(_READ), [list(forms)]):
            blocks[term].append(rows)
        found: dict[tuple[str, str], Postings] = {}
        for form, parts in blocks.items():
            table = np.frombuffer(b"".join(parts), dtype=POSTING)
            # What was replaced or removed has left its postings behind, under a number that is gone.
            rows = np.searchsorted(self._document_numbers, table["number"])
            live = rows < len(self._document_numbers)
            live[live] = self._document_numbers[rows[live]] == table["number"][live]
            table, rows = table[live], rows[live].astype(np.int32)
            if form.startswith(CODE):
                found["codes", form.removeprefix(CODE)] = (rows, np.ones(len(rows), dtype=np.float32))
                continue
            for name in WEIGHTS:
                having = table[name] > 0
                found[name, form] = (rows[having], table[name][having].astype(np.float32))
        return found
