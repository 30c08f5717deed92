"""Changes the index: one writer at a time among all nodes, each change in one transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from knowledge.search.document import SearchDocument
from knowledge.search.embedder import Embedder
from knowledge.search.embedding import embed_passages
from knowledge.search.model import model_record
from knowledge.search.passages import embedding_text
from knowledge.search.postgresql import tables
from knowledge.search.postgresql.database import Database, Row
from knowledge.search.postgresql.reader import Reader
from knowledge.search.postgresql.tables import FORMAT, Build
from knowledge.search.postgresql.writing import pack_postings, unpacked, write_documents, write_vectors
from knowledge.search.segment import Prepared, Vectors, prepare_all

Connection = psycopg.Connection[Row]

PACKED_AFTER = 500
"""Each change adds a row of postings for each of its words, and what was replaced leaves its own behind; after so
many changes all postings are packed anew, which takes seconds."""


class Writer:
    """Adds and removes documents of one index."""

    def __init__(self, database: Database, reader: Reader, *, extension: bool) -> None:
        """Does nothing yet.

        :param extension: False goes without pgvector even where it is there.
        """
        self.database = database
        self.reader = reader
        self._extension = extension

    def apply(self, documents: Iterable[SearchDocument], removed: Collection[int], embedder: Embedder | None) -> int:
        """Adds or replaces documents and removes others, in one step; see ``SearchEngine``."""
        documents = list({document.id: document for document in documents}.values())
        current = self.reader.readable()
        record = model_record(embedder) if embedder else {}
        rows = {d.id: current.row_of.get(d.id) for d in documents}
        fresh = [
            d
            for d in documents
            if (row := rows[d.id]) is None
            or current.facts[row].digest != d.digest()
            or (record and current.model_of(row) != record)
        ]
        gone = {d.id for d in fresh} | (set(removed) - set(rows))
        if not fresh and not gone & set(current.row_of):
            return 0
        prepared = prepare_all(fresh)
        vectors = None
        if embedder and prepared:
            known = self._known(current.segments[0].build, prepared, record) if current.segments else {}
            vectors = embed_passages(prepared, embedder, known)
        with self.database.writing() as connection:
            build = self.live(connection)
            self.delete(connection, build, gone)
            if prepared:
                self.write(connection, build, prepared, vectors, record)
            self.touch(connection)
            if tables.count_changes(connection, build, "changes + 1") >= PACKED_AFTER:
                pack_postings(connection, build)
                tables.count_changes(connection, build, "0")
        return len(gone)

    def live(self, connection: Connection) -> Build:
        """The build that counts; an empty one is begun when there is none."""
        state = self.state(connection)
        if state:
            return Build(self.database, state)
        build = tables.make_build(connection, self.database)
        tables.index_postings(connection, build)
        connection.execute(sql.SQL("UPDATE {} SET build = %s").format(self.database.name("state")), [build.number])
        return build

    def state(self, connection: Connection) -> int:
        """The number of the build that counts, or 0; makes the first tables when there are none.

        :raises IndexDamaged: when another version wrote the index.
        """
        tables.make_state(connection, self.database)
        row: Any = connection.execute(
            sql.SQL("SELECT build FROM {} WHERE format = %s").format(self.database.name("state")), [FORMAT]
        ).fetchone()
        return int(row[0]) if row else 0

    def touch(self, connection: Connection) -> None:
        """Tells readers that the index changed."""
        state = self.database.name("state")
        connection.execute(sql.SQL("UPDATE {} SET generation = generation + 1").format(state))

    def delete(self, connection: Connection, build: Build, ids: Collection[int]) -> None:
        """Removes documents by their ids; their postings go when they are packed."""
        rows = connection.execute(
            build.format("DELETE FROM {document} WHERE id = ANY(%s) RETURNING number"), [list(ids)]
        ).fetchall()
        numbers = [number for (number,) in rows]
        if numbers:
            connection.execute(build.format("DELETE FROM {passage} WHERE number = ANY(%s)"), [numbers])
            for model in self.models(connection, build):
                vectors = build.vectors(model)
                connection.execute(sql.SQL("DELETE FROM {} WHERE number = ANY(%s)").format(vectors), [numbers])

    def write(
        self,
        connection: Connection,
        build: Build,
        prepared: Sequence[Prepared],
        vectors: Vectors | None,
        record: dict[str, str],
        *,
        index: bool = True,
    ) -> None:
        """Writes documents and the vectors of their passages.

        :param vectors: one row for each passage in order; None leaves them out.
        :param record: the model that made the vectors.
        :param index: False leaves the index of new vectors for later.
        """
        model = None
        if vectors is not None:
            model = self.model(connection, build, record, vectors.shape[1], index=index)
        first = tables.take_numbers(connection, build, len(prepared))
        write_documents(connection, build, first, prepared, model)
        if model is not None and vectors is not None:
            owners = [(first + n, len(one.passages), one.document.audience) for n, one in enumerate(prepared)]
            self.write_vectors(connection, build, model, owners, vectors)

    def write_vectors(
        self,
        connection: Connection,
        build: Build,
        model: int,
        owners: Sequence[tuple[int, int, frozenset[str]]],
        vectors: Vectors,
    ) -> None:
        """Writes the vectors of some documents, each given by number, count of passages and audience."""
        indexed = self.models(connection, build)[model]
        write_vectors(connection, build.vectors(model), owners, vectors, indexed=indexed)

    def models(self, connection: Connection, build: Build) -> dict[int, bool]:
        """The models that have vectors in a build, and whether pgvector keeps them."""
        statement = sql.SQL("SELECT number, indexed FROM {} WHERE build = %s").format(self.database.name("model"))
        return dict(connection.execute(statement, [build.number]).fetchall())

    def model(
        self, connection: Connection, build: Build, record: Mapping[str, str], dimensions: int, *, index: bool = True
    ) -> int:
        """The number of a model in a build; its table is made when it is new."""
        table, text = self.database.name("model"), json.dumps(record, sort_keys=True)
        row: Any = connection.execute(
            sql.SQL("SELECT number FROM {} WHERE build = %s AND record = %s").format(table), [build.number, text]
        ).fetchone()
        if row:
            return int(row[0])
        indexed = self._extension and tables.extension_ready(connection)
        made: Any = connection.execute(
            sql.SQL(
                "INSERT INTO {table} (build, number, record, indexed)"
                " SELECT %s, 1 + coalesce(max(number), 0), %s, %s FROM {table} WHERE build = %s RETURNING number"
            ).format(table=table),
            [build.number, text, indexed, build.number],
        ).fetchone()
        number = int(made[0])
        tables.make_vectors(connection, build, number, dimensions if indexed else None)
        if indexed and index:
            tables.index_vectors(connection, build, number)
        return number

    def _known(
        self, build: Build, prepared: Sequence[Prepared], record: Mapping[str, str]
    ) -> dict[str, NDArray[np.float32]]:
        """The vectors of the present versions of some documents, by the text that was embedded."""
        known: dict[str, NDArray[np.float32]] = {}
        ids = [one.document.id for one in prepared]
        with self.database.connection() as connection:
            text = json.dumps(record, sort_keys=True)
            statement = sql.SQL("SELECT number, indexed FROM {} WHERE build = %s AND record = %s")
            for model, indexed in connection.execute(
                statement.format(self.database.name("model")), [build.number, text]
            ).fetchall():
                sources = connection.execute(
                    build.format("SELECT number, source FROM {document} WHERE id = ANY(%s) AND model = %s"),
                    [ids, model],
                ).fetchall()
                old = {number: Prepared.of(unpacked(source)) for number, source in sources}
                read = sql.SQL("SELECT number, ordinal, embedding{} FROM {} WHERE number = ANY(%s)").format(
                    sql.SQL("::text" if indexed else ""), build.vectors(model)
                )
                for number, ordinal, embedding in connection.execute(read, [list(old)]).fetchall():
                    given = json.loads(embedding) if indexed else np.frombuffer(embedding, dtype="<f4")
                    one = old[number]
                    if ordinal < len(one.passages):
                        text = embedding_text(one.document, one.passages[ordinal])
                        known[text] = np.array(given, dtype=np.float32)
        return known
