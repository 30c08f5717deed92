"""Makes the index anew beside the live one: all of it, or the vectors of a changed model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from knowledge.search.document import SearchDocument
from knowledge.search.embedder import Embedder
from knowledge.search.embedding import Progress, embed_passages, shifted
from knowledge.search.model import model_record
from knowledge.search.postgresql import tables
from knowledge.search.postgresql.database import Database, Row
from knowledge.search.postgresql.tables import FORMAT, Build
from knowledge.search.postgresql.writer import Writer
from knowledge.search.postgresql.writing import unpacked
from knowledge.search.segment import Prepared, Vectors, prepare_all

_CHUNK = 1000
"""Documents that are held in memory at a time; a term's postings of so many are packed into one row."""
_REEMBEDDED = 50
"""Documents that get the vectors of another model in one transaction."""


@dataclass(frozen=True)
class Embedded:
    """Documents with vectors that were just made."""

    numbers: list[int]
    prepared: list[Prepared]
    vectors: Vectors
    """One row for each passage in order."""


def rebuild(
    writer: Writer,
    documents: Iterable[SearchDocument],
    embedder: Embedder | None,
    progress: Progress | None = None,
    threads: int = 1,
) -> int:
    """Builds the whole index anew beside the live one, then switches; see ``SearchEngine``."""
    database = writer.database
    with database.exclusive("rebuild"):
        with database.writing() as connection:
            tables.begin_anew_when_foreign(connection, database)
            live = writer.state(connection)
        _sweep(database, live)
        with database.writing() as connection:
            build = tables.make_build(connection, database)
        before = _digests(writer, live)
        given = list({document.id: document for document in documents}.values())
        record = model_record(embedder) if embedder else {}
        done = 0
        chunks = [given[n : n + _CHUNK] for n in range(0, len(given), _CHUNK)]
        for number, chunk in enumerate(chunks):
            prepared = prepare_all(chunk)
            here = sum(len(p.passages) for p in prepared)
            total = done + here * (len(chunks) - number)
            vectors = None
            if embedder:
                vectors = embed_passages(prepared, embedder, {}, shifted(progress, done, total), threads)
            with database.connection() as connection:
                writer.write(connection, build, prepared, vectors, record, index=False)
                connection.commit()
            done += here
        with database.connection() as connection:
            tables.index_postings(connection, build)
            for model, indexed in writer.models(connection, build).items():
                if indexed:
                    tables.index_vectors(connection, build, model)
            connection.commit()
        _analyse(writer, build)
        _switch(writer, build, before, embedder)
    return len(given)


def _switch(writer: Writer, build: Build, before: dict[int, str], embedder: Embedder | None) -> None:
    """Puts a build in the place of the live one, with what changed there meanwhile on top."""
    database = writer.database
    with database.writing() as connection:
        live = writer.state(connection)
        try:
            with connection.transaction():
                now = _read_digests(connection, Build(database, live)) if live else {}
                changed = [number for number in now if now[number] != before.get(number)]
                sources = _sources(connection, Build(database, live), changed) if changed else []
        except psycopg.ProgrammingError:
            # The live index is damaged: nothing of it can be carried over.
            now, changed, sources = before, [], []
        writer.delete(connection, build, {*changed, *(number for number in before if number not in now)})
        prepared = [Prepared.of(source) for source in sources]
        if prepared:
            vectors = embed_passages(prepared, embedder, {}) if embedder else None
            writer.write(connection, build, prepared, vectors, model_record(embedder) if embedder else {})
        state = database.name("state")
        connection.execute(sql.SQL("UPDATE {} SET build = %s, format = %s").format(state), [build.number, FORMAT])
        writer.touch(connection)
    _sweep(database, build.number)


def _sweep(database: Database, live: int) -> None:
    """Drops the tables of all builds but one. Whoever still reads them asks again."""
    with database.writing() as connection:
        left = tables.forget_builds(connection, database, live)
    for table in left:
        with database.writing() as connection:
            _drop(connection, table)


def _drop(connection: psycopg.Connection[Row], table: sql.Identifier) -> bool:
    """Drops a table, and says no when it was read for too long; a transaction may drop no more than one.

    A reader holds on to every table that it has read until it is done. Whoever held one dropped table and waited for
    the next could wait for a reader that waits for the first.
    """
    connection.execute("SET LOCAL lock_timeout = '5s'")
    try:
        with connection.transaction():
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def _digests(writer: Writer, live: int) -> dict[int, str]:
    """What the live index holds; nothing when it is damaged."""
    with writer.database.connection() as connection:
        try:
            return _read_digests(connection, Build(writer.database, live)) if live else {}
        except psycopg.ProgrammingError:
            return {}


def _read_digests(connection: psycopg.Connection[Row], build: Build) -> dict[int, str]:
    rows = connection.execute(build.format("SELECT id, digest FROM {document}")).fetchall()
    return dict(rows)


def _sources(connection: psycopg.Connection[Row], build: Build, ids: list[int]) -> list[SearchDocument]:
    rows = connection.execute(build.format("SELECT source FROM {document} WHERE id = ANY(%s)"), [ids]).fetchall()
    return [unpacked(source) for (source,) in rows]


def _analyse(writer: Writer, build: Build) -> None:
    """Lets the server count what was written, so that it plans well from the first query on."""
    with writer.database.connection() as connection:
        for kind in ("document", "passage", "posting"):
            connection.execute(sql.SQL("ANALYZE {}").format(build.table(kind)))
        for model in writer.models(connection, build):
            connection.execute(sql.SQL("ANALYZE {}").format(build.vectors(model)))
        connection.commit()


def reembed(writer: Writer, embedder: Embedder, progress: Progress | None = None, threads: int = 1) -> int:
    """Gives vectors of the present model to all documents that have none or another model's; see ``SearchEngine``."""
    record = model_record(embedder)
    current = writer.reader.readable()
    stale = [number for number, row in current.row_of.items() if current.model_of(row) != record]
    if not stale:
        return 0
    rows = [current.row_of[number] for number in stale]
    build, counts = current.segments[0].build, current.segments[0].passage_starts
    total = sum(int(counts[row + 1] - counts[row]) for row in rows)
    done = count = 0
    for start in range(0, len(stale), _REEMBEDDED):
        ids = stale[start : start + _REEMBEDDED]
        with writer.database.connection() as connection:
            read = build.format("SELECT number, source FROM {document} WHERE id = ANY(%s) ORDER BY number")
            sources = connection.execute(read, [ids]).fetchall()
        numbers = [number for number, _ in sources]
        prepared = [Prepared.of(unpacked(source)) for _, source in sources]
        vectors = embed_passages(prepared, embedder, {}, shifted(progress, done, total), threads)
        done += len(vectors)
        with writer.database.writing() as connection:
            if writer.state(connection) != build.number:
                break  # A rebuild has made all vectors anew.
            count += _replace_vectors(connection, writer, build, Embedded(numbers, prepared, vectors), record)
    _drop_unused_models(writer)
    return count


def _replace_vectors(
    connection: psycopg.Connection[Row], writer: Writer, build: Build, fresh: Embedded, record: dict[str, str]
) -> int:
    """Writes vectors for those documents that are still as they were embedded, and gives how many those are."""
    read = build.format("SELECT number FROM {document} WHERE number = ANY(%s) FOR UPDATE")
    present = {number for (number,) in connection.execute(read, [fresh.numbers]).fetchall()}
    model = writer.model(connection, build, record, fresh.vectors.shape[1])
    owners: list[tuple[int, int, frozenset[str]]] = []
    kept: list[int] = []
    place = 0
    for number, one in zip(fresh.numbers, fresh.prepared, strict=True):
        if number in present:
            owners.append((number, len(one.passages), one.document.audience))
            kept += range(place, place + len(one.passages))
        place += len(one.passages)
    writer.write_vectors(connection, build, model, owners, fresh.vectors[kept])
    change = build.format("UPDATE {document} SET model = %s WHERE number = ANY(%s)")
    connection.execute(change, [model, list(present)])
    for other in writer.models(connection, build):
        if other != model:
            drop = sql.SQL("DELETE FROM {} WHERE number = ANY(%s)").format(build.vectors(other))
            connection.execute(drop, [list(present)])
    writer.touch(connection)
    return len(present)


def _drop_unused_models(writer: Writer) -> None:
    """Drops the tables of models that no document has vectors of any more."""
    database = writer.database
    with database.writing() as connection:
        build = Build(database, writer.state(connection))
        models = writer.models(connection, build) if build.number else {}
    for model in models:
        with database.writing() as connection:
            if writer.state(connection) != build.number:
                return  # A rebuild has dropped all of them.
            used = build.format("SELECT EXISTS (SELECT FROM {document} WHERE model = %s)")
            row = connection.execute(used, [model]).fetchone()
            if row == (False,) and _drop(connection, build.vectors(model)):
                forget = sql.SQL("DELETE FROM {} WHERE build = %s AND number = %s").format(database.name("model"))
                connection.execute(forget, [build.number, model])
                writer.touch(connection)
