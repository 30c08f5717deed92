"""Writes documents into the tables of a build."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from knowledge.search.document import SearchDocument
from knowledge.search.duplicates import signature
from knowledge.search.keyword import WEIGHTS, DocumentTerms
from knowledge.search.postgresql.database import Row
from knowledge.search.postgresql.tables import Build
from knowledge.search.segment import Prepared, Vectors, document_of, plain_document, plain_facts, spoken_words

POSTING = np.dtype([("number", "<u4"), *((name, "u1") for name in WEIGHTS if name != "body"), ("body", "<u2")])
"""A document that has a term, and how often by field. A code stands once, without fields."""
_PACK = struct.Struct("<I4BH")
CODE = "="
"""Before a code, which is a term of its own: no word begins so."""

_DOCUMENT = (
    "COPY {document} (number, id, digest, facts, model, passages, lengths, signature, spoken, sequence, source)"
    " FROM STDIN (FORMAT BINARY)"
)
_DOCUMENT_TYPES = ("int4", "int8", "text", "bytea", "int4", "int4", "bytea", "bytea", "bytea", "bytea", "bytea")
_PASSAGE = "COPY {passage} (number, ordinal, content) FROM STDIN (FORMAT BINARY)"
_POSTING = "COPY {posting} (term, rows) FROM STDIN (FORMAT BINARY)"
_VECTOR = "COPY {vector} (number, ordinal, audience, embedding) FROM STDIN"


def audience_key(audience: Iterable[str]) -> int:
    """A number for a set of audience tokens, by which vectors are chosen; 63 bits of a hash."""
    text = "\n".join(sorted(audience)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(text).digest()[:8]) >> 1


def term_number(term: str) -> int:
    """The number of a term in a run of words: a hash, so that no lexicon is needed."""
    number: int = struct.unpack("<i", struct.pack("<I", zlib.crc32(term.encode("utf-8", "surrogatepass"))))[0]
    return number


def source_of(document: SearchDocument) -> bytes:
    """A whole document, packed."""
    return zlib.compress(json.dumps(plain_document(document)).encode())


def unpacked(source: bytes) -> SearchDocument:
    """The document that was packed."""
    return document_of(json.loads(zlib.decompress(source)))


def vector_text(vector: NDArray[np.float32]) -> str:
    """A vector as pgvector reads it."""
    return "[" + ",".join(map("%.8g".__mod__, vector.tolist())) + "]"


def write_documents(
    connection: psycopg.Connection[Row], build: Build, first: int, prepared: Sequence[Prepared], model: int | None
) -> None:
    """Writes documents with their passages and postings.

    :param first: the number of the first of them.
    :param model: the number of the model whose vectors ``write_vectors`` writes.
    """
    with connection.cursor() as cursor:
        with cursor.copy(build.format(_DOCUMENT)) as copy:
            copy.set_types(_DOCUMENT_TYPES)
            for number, one in enumerate(prepared, first):
                copy.write_row(_document_row(number, one, model))
        with cursor.copy(build.format(_PASSAGE)) as copy:
            copy.set_types(("int4", "int4", "bytea"))
            for number, one in enumerate(prepared, first):
                for passage in one.passages:
                    content = json.dumps([passage.anchor, passage.heading, passage.text]).encode()
                    copy.write_row((number, passage.ordinal, content))
        with cursor.copy(build.format(_POSTING)) as copy:
            copy.set_types(("text", "bytea"))
            for term, rows in sorted(_postings(prepared, first).items()):
                copy.write_row((term, bytes(rows)))


def write_vectors(
    connection: psycopg.Connection[Row],
    vectors: sql.Identifier,
    owners: Sequence[tuple[int, int, frozenset[str]]],
    values: Vectors,
    *,
    indexed: bool,
) -> None:
    """Writes the vectors of the passages of some documents.

    :param owners: the number, the count of passages and the audience of each document.
    :param values: one row for each passage in order.
    :param indexed: as pgvector reads them; else as bytes.
    """
    place = 0
    with connection.cursor() as cursor, cursor.copy(sql.SQL(_VECTOR).format(vector=vectors)) as copy:
        for number, count, audience in owners:
            key = audience_key(audience)
            for ordinal in range(count):
                vector = values[place]
                place += 1
                given = vector_text(vector) if indexed else vector.astype("<f4").tobytes()
                copy.write_row((number, ordinal, key, given))


def pack_postings(connection: psycopg.Connection[Row], build: Build) -> None:
    """Writes each term's postings as one row again, without those of documents that are gone."""
    live = np.array([n for (n,) in connection.execute(build.format("SELECT number FROM {document}"))], dtype=np.int64)
    packed: dict[str, list[bytes]] = defaultdict(list)
    # Readers go on with the rows that they see; TRUNCATE would take them away.
    with connection.cursor(binary=True) as cursor:
        for term, rows in cursor.execute(build.format("DELETE FROM {posting} RETURNING term, rows")):
            table = np.frombuffer(rows, dtype=POSTING)
            packed[term].append(table[np.isin(table["number"], live)].tobytes())
        with cursor.copy(build.format(_POSTING)) as copy:
            copy.set_types(("text", "bytea"))
            for term, parts in sorted(packed.items()):
                if any(parts):
                    copy.write_row((term, b"".join(parts)))


def _document_row(number: int, one: Prepared, model: int | None) -> tuple[object, ...]:
    document, terms = one.document, one.terms
    lengths = np.array([len(terms.fields[name]) for name in WEIGHTS], dtype="<i4")
    sequence = np.array([term_number(term) for term in terms.sequence], dtype="<i4")
    return (
        number,
        document.id,
        document.digest(),
        json.dumps(plain_facts(document)).encode(),
        model,
        len(one.passages),
        lengths.tobytes(),
        signature(terms.sequence).astype("<u4").tobytes(),
        "\n".join(spoken_words(one)).encode("utf-8", "replace"),
        sequence.tobytes(),
        source_of(document),
    )


def _postings(prepared: Sequence[Prepared], first: int) -> dict[str, bytearray]:
    """The postings of some documents by term, packed."""
    packed: dict[str, bytearray] = defaultdict(bytearray)
    for number, one in enumerate(prepared, first):
        for term, counts in _counted(one.terms).items():
            packed[term] += _PACK.pack(number, *counts)
    return packed


def _counted(terms: DocumentTerms) -> dict[str, list[int]]:
    """How often each term stands in each weighted field; codes with no field at all."""
    counts: dict[str, list[int]] = {_storable(CODE + code): [0] * len(WEIGHTS) for code in terms.fields["codes"]}
    for column, name in enumerate(WEIGHTS):
        most = 0xFFFF if name == "body" else 0xFF
        for term, count in Counter(terms.fields[name]).items():
            counts.setdefault(term, [0] * len(WEIGHTS))[column] = min(count, most)
    return counts


def _storable(term: str) -> str:
    """A term as the database can hold it; queries never hold what is left out."""
    return term.replace("\0", "").encode("utf-8", "ignore").decode()
