"""One segment of the index: a folder that is written once and never changed.

Everything a search reads lies in segments: the keyword index, the vectors, the order of the words, the
documents themselves. A segment only counts once the manifest names it, so a crash while one is being
written leaves nothing but a folder to sweep away.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.search.document import Passage, SearchDocument
from knowledge.search.duplicates import signature
from knowledge.search.keyword import WEIGHTS, DocumentTerms, KeywordEngine, Mask, Scores, document_terms
from knowledge.search.passages import cut_passages
from knowledge.search.words import words

Vectors = NDArray[np.float32]

_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Facts:
    """What is held in memory of each document: what is filtered, counted and shown without its text."""

    id: int
    digest: str
    title: str
    type: str
    section: str
    language: str
    services: tuple[str, ...]
    audience: frozenset[str]
    updated_at: datetime


@dataclass(frozen=True)
class Prepared:
    """A document read and cut, ready to be written."""

    document: SearchDocument
    passages: list[Passage]
    terms: DocumentTerms

    @classmethod
    def of(cls, document: SearchDocument) -> Prepared:
        passages = cut_passages(document)
        return cls(document, passages, document_terms(document, passages))


def write_segment(
    folder: Path, prepared: Sequence[Prepared], vectors: Vectors | None, model: dict[str, str], engine: KeywordEngine
) -> None:
    """Writes a segment into a new folder.

    :param vectors: one row for each passage in order, [passages, dimensions]; None when no model is at hand.
    :param model: the id and precision of the model of the vectors.
    """
    folder.mkdir(parents=True)
    _write_documents(folder, prepared)
    starts = np.array([0, *accumulate(len(p.passages) for p in prepared)], dtype=np.int64)
    np.save(folder / "passage_starts.npy", starts)
    _write_lists(folder, "sequence", [p.terms.sequence for p in prepared])
    _write_lists(folder, "spoken", [spoken_words(p) for p in prepared])
    lengths = [[len(p.terms.fields[name]) for name in WEIGHTS] for p in prepared]
    np.save(folder / "lengths.npy", np.array(lengths, dtype=np.int32).reshape(len(prepared), len(WEIGHTS)))
    signatures = [signature(p.terms.sequence) for p in prepared]
    np.save(folder / "signatures.npy", np.array(signatures, dtype=np.uint32).reshape(len(prepared), -1))
    (folder / "keyword").mkdir()
    engine.write(folder / "keyword", (p.terms for p in prepared))
    if vectors is not None:
        write_vectors(folder, vectors, model)


def write_vectors(folder: Path, vectors: Vectors, model: dict[str, str]) -> None:
    """Writes the vectors of a segment and the model that made them."""
    np.save(folder / "vectors.npy", np.ascontiguousarray(vectors, dtype=np.float32))
    (folder / "model.json").write_text(json.dumps(model), "utf-8")


def spoken_words(prepared: Prepared) -> list[str]:
    """The distinct words of a document as written, which spelling is mended from."""
    document = prepared.document
    text = "\n".join((document.title, document.section, *document.tags, *document.services))
    return sorted(set(words(text + "\n" + "\n".join(f"{p.heading}\n{p.text}" for p in prepared.passages))))


def _write_lists(folder: Path, name: str, lists: list[list[str]]) -> None:
    """Lists of terms as numbers into a sorted lexicon, one after the other, with where each begins."""
    lexicon = sorted({term for one in lists for term in one})
    numbers = {term: number for number, term in enumerate(lexicon)}
    (folder / f"{name}.txt").write_text("\n".join(lexicon), "utf-8", newline="\n")
    np.save(folder / f"{name}.npy", np.array([numbers[term] for one in lists for term in one], dtype=np.int32))
    np.save(folder / f"{name}_starts.npy", np.array([0, *accumulate(map(len, lists))], dtype=np.int64))


def _write_documents(folder: Path, prepared: Sequence[Prepared]) -> None:
    """The documents and the passages, each on a line of its own, and the facts of all documents in one piece."""
    _write_lines(folder, "documents", (plain_document(one.document) for one in prepared))
    _write_lines(folder, "passages", ((p.anchor, p.heading, p.text) for one in prepared for p in one.passages))
    facts = [plain_facts(one.document) for one in prepared]
    (folder / "facts.json").write_text(json.dumps(facts), "utf-8")


def plain_facts(d: SearchDocument) -> tuple[Any, ...]:
    """The facts of a document in the types that JSON has."""
    return (d.id, d.digest(), d.title, d.type, d.section, d.language, d.services, sorted(d.audience), str(d.updated_at))


def document_of(values: dict[str, Any]) -> SearchDocument:
    """A document as ``plain_document`` gave it to JSON."""
    return SearchDocument(
        **values
        | {
            "audience": frozenset(values["audience"]),
            "updated_at": datetime.fromisoformat(values["updated_at"]),
            "tags": tuple(values["tags"]),
            "services": tuple(values["services"]),
        }
    )


def plain_document(document: SearchDocument) -> dict[str, Any]:
    """A document in the types that JSON has."""
    return asdict(document) | {
        "audience": sorted(document.audience),
        "updated_at": document.updated_at.isoformat(),
    }


def _write_lines(folder: Path, name: str, rows: Iterable[object]) -> None:
    """Rows as JSON, one a line, with where each line begins."""
    offsets = [0]
    with (folder / f"{name}.jsonl").open("wb") as file:
        for row in rows:
            file.write(json.dumps(row).encode() + b"\n")
            offsets.append(file.tell())
    np.save(folder / f"{name}.npy", np.array(offsets, dtype=np.int64))


def _read_array(path: Path, *, mapped: bool = False) -> NDArray[Any]:
    """An array of a segment, in memory or, mapped, left on disk until it is used."""
    # numpy parses the head of the file as Python, and Python 3.11 can't do that in two threads at once
    # ("AST constructor recursion depth mismatch").
    with _one_at_a_time:
        array = np.load(path, mmap_mode="r" if mapped else None)
    # The array form of mmap costs a Python call for each slice; a plain view of it does not.
    return np.asarray(array)


class Lines:
    """Rows of JSON that are read one by one, as written by ``_write_lines``."""

    def __init__(self, folder: Path, name: str) -> None:
        self._offsets: NDArray[np.int64] = _read_array(folder / f"{name}.npy")
        self._file = (folder / f"{name}.jsonl").open("rb", buffering=0)
        if os.fstat(self._file.fileno()).st_size != self._offsets[-1]:
            raise OSError(f"{name}.jsonl of the segment is cut short.")

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def read(self, row: int) -> Any:
        """The row, read from disk; threads may read at once."""
        begin, end = int(self._offsets[row]), int(self._offsets[row + 1])
        return json.loads(os.pread(self._file.fileno(), end - begin, begin))


class TermLists:
    """Lists of terms, memory-mapped, as written by ``_write_lists``."""

    def __init__(self, folder: Path, name: str) -> None:
        text = (folder / f"{name}.txt").read_text("utf-8")
        self.lexicon = text.split("\n") if text else []
        self.values: NDArray[np.int32] = _read_array(folder / f"{name}.npy", mapped=True)
        self.starts: NDArray[np.int64] = _read_array(folder / f"{name}_starts.npy")
        if int(self.starts[-1]) != len(self.values):
            raise OSError(f"{name}.npy of the segment is cut short.")


class Segment:
    """An opened segment."""

    def __init__(self, folder: Path, engine: KeywordEngine) -> None:
        """Opens a segment.

        :raises OSError: when a file is missing or damaged.
        """
        self.name = folder.name
        try:
            self.facts = [facts_of(row) for row in json.loads((folder / "facts.json").read_text("utf-8"))]
            self.passage_starts: NDArray[np.int64] = _read_array(folder / "passage_starts.npy")
            self.sequence = TermLists(folder, "sequence")
            self.spoken = TermLists(folder, "spoken")
            self.signatures: NDArray[np.uint32] = _read_array(folder / "signatures.npy")
            self._documents = Lines(folder, "documents")
            self._passages = Lines(folder, "passages")
            self.lengths: NDArray[np.int32] = _read_array(folder / "lengths.npy")
            self.keyword = engine.open(folder / "keyword", self.lengths)
            self.model: dict[str, str] = {}
            self.vectors: Vectors | None = None
            if (folder / "model.json").is_file():
                self.model = json.loads((folder / "model.json").read_text("utf-8"))
                self.vectors = _read_array(folder / "vectors.npy", mapped=True)
        except (ValueError, KeyError, IndexError, TypeError, EOFError) as error:
            raise OSError(f"The segment {folder.name} is damaged: {error}") from error
        counts = {len(self.facts), len(self.passage_starts) - 1, len(self._documents), len(self.lengths)}
        passages = {int(self.passage_starts[-1]), len(self._passages)}
        if self.vectors is not None:
            passages.add(len(self.vectors))
        if len(counts) > 1 or len(passages) > 1:
            raise OSError(f"The files of the segment {folder.name} do not fit together.")
        self.term_numbers = {term: number for number, term in enumerate(self.sequence.lexicon)}

    def __len__(self) -> int:
        return len(self.facts)

    def document(self, row: int) -> SearchDocument:
        """The whole document of a row, read from disk."""
        return document_of(self._documents.read(row))

    def passage(self, row: int, ordinal: int) -> Passage:
        """One passage of a row, read from disk."""
        return Passage(self.facts[row].id, ordinal, *self._passages.read(int(self.passage_starts[row]) + ordinal))

    def passages_at(self, places: Sequence[tuple[int, int]]) -> list[Passage]:
        """Some passages, each given by its row and its number within the row."""
        return [self.passage(row, ordinal) for row, ordinal in places]

    def passages(self, row: int) -> list[Passage]:
        """All passages of a row, read from disk."""
        return [self.passage(row, n) for n in range(int(self.passage_starts[row + 1] - self.passage_starts[row]))]

    def vectors_of(self, row: int) -> Vectors | None:
        """The vectors of the passages of a row, [passages, dimensions]."""
        if self.vectors is None:
            return None
        return self.vectors[int(self.passage_starts[row]) : int(self.passage_starts[row + 1])]

    def similarities(
        self, query: NDArray[np.float32], model: dict[str, str], allowed: Mask, wanted: NDArray[np.int64]
    ) -> Scores | None:
        """The cosine of a query to every passage, [passages]; None when another model made the vectors.

        The scan is exact: 100,000 passages take about 5 ms, less than an approximate index would save.
        """
        if self.vectors is None or self.model != model or self.vectors.shape[1] != len(query):
            return None
        similarities: Scores = self.vectors @ query
        return similarities

    def means(self) -> Vectors:
        """The mean of the vectors of each row's passages, [rows, dimensions]; no dimension when there are none."""
        if self.vectors is None:
            return np.zeros((len(self), 0), dtype=np.float32)
        means = np.zeros((len(self), self.vectors.shape[1]), dtype=np.float32)
        for row in range(len(self)):
            vectors = self.vectors_of(row)
            if vectors is not None and len(vectors):
                means[row] = vectors.mean(axis=0)
        return means

    def model_of(self, row: int) -> dict[str, str]:
        """What made the vectors of a row, the same for all rows of a segment; empty when there are none."""
        return self.model

    def runs(self, rows: Sequence[int]) -> list[NDArray[np.int32]]:
        """The order of the words of some rows, as numbers into the lexicon of the segment."""
        starts, values = self.sequence.starts, self.sequence.values
        return [values[int(starts[row]) : int(starts[row + 1])] for row in rows]

    def term_number(self, term: str) -> int | None:
        """The number of a term in ``runs``; None when no document has it."""
        return self.term_numbers.get(term)


def facts_of(row: list[Any]) -> Facts:
    """The facts as ``plain_facts`` gave them to JSON."""
    number, digest, title, kind, section, language, services, audience, updated = row
    return Facts(
        number,
        digest,
        title,
        kind,
        section,
        language,
        tuple(services),
        frozenset(audience),
        datetime.fromisoformat(updated),
    )


def prepare_all(documents: Iterable[SearchDocument]) -> list[Prepared]:
    """Reads and cuts documents; a later one with the same id replaces an earlier one."""
    return [Prepared.of(document) for document in {d.id: d for d in documents}.values()]
