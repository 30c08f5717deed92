"""What only the engine on PostgreSQL has: tables that may be damaged, an extension that may be missing."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from knowledge.search.document import Mode
from knowledge.search.embedder import Embedder
from knowledge.search.index import SearchIndex
from knowledge.search.manifest import IndexDamaged
from knowledge.search.postgresql import segment, writer
from knowledge.search.postgresql.engine import PostgresEngine
from tests.knowledge.search.corpus import CORPUS, document
from tests.knowledge.search.engines import POSTGRES_ENGINES, Place, new_place
from tests.knowledge.search.test_search_store import ids

WANTED = {d.id: d for d in CORPUS}
EXPECTED = {number: d.digest() for number, d in WANTED.items()}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    with_postgresql = "postgresql" in metafunc.config.getoption("engines").split(",")
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", POSTGRES_ENGINES if with_postgresql else ())


@pytest.fixture
def schema(kind: str, tmp_path: Path) -> Place:
    return new_place(kind, tmp_path / "index")


@pytest.fixture
def open_index(schema: Place, embedder: Embedder) -> Callable[[], SearchIndex]:
    return lambda: SearchIndex(schema.open(), lambda: embedder)


def execute(place: Place, statement: str) -> sa.engine.CursorResult[Any]:
    with sa.create_engine(place.url).begin() as connection:
        return connection.execute(sa.text(statement.replace("{schema}", f'"{place.name}"')))


@pytest.mark.parametrize(
    "harm",
    [
        "DROP TABLE {schema}.document_1",
        "DROP TABLE {schema}.passage_1",
        "DROP TABLE {schema}.posting_1",
        "DELETE FROM {schema}.posting_1",
        "DELETE FROM {schema}.passage_1 WHERE number = 1",
        "UPDATE {schema}.document_1 SET facts = 'x' WHERE number = 1",
        "UPDATE {schema}.state SET format = 99",
    ],
)
def test_a_damaged_index_is_noticed_and_rebuilt(
    schema: Place, open_index: Callable[[], SearchIndex], harm: str
) -> None:
    open_index().add(CORPUS)
    index = open_index()
    execute(schema, harm)
    for query in ("reset password", "printer shows offline", "0x80040305"):
        index.search(query)
    drift = index.heal(EXPECTED, lambda numbers: [WANTED[n] for n in numbers])
    assert drift.damage
    assert ids(index, "reset password")[0] == 1
    assert index.state().problem is None
    assert not index.check(EXPECTED)


def test_a_reader_of_missing_tables_says_so(schema: Place, open_index: Callable[[], SearchIndex]) -> None:
    index = open_index()
    index.add(CORPUS)
    execute(schema, "DROP TABLE {schema}.document_1")
    index = open_index()
    results = index.search("reset password")
    assert results.hits == ()
    assert results.degraded is not None
    assert index.complaint() is not None
    with pytest.raises(IndexDamaged):
        index.add([document(80, "New")])


def test_a_lost_schema_is_an_empty_index(schema: Place, open_index: Callable[[], SearchIndex]) -> None:
    index = open_index()
    index.add(CORPUS)
    assert ids(index, "reset password")[0] == 1
    execute(schema, "DROP SCHEMA {schema} CASCADE")
    assert index.search("reset password").total == 0
    index.add(CORPUS)
    assert ids(index, "reset password")[0] == 1


def test_the_extension_is_used_where_it_is_there_and_missed_in_words(
    kind: str, schema: Place, open_index: Callable[[], SearchIndex]
) -> None:
    index = open_index()
    index.add(CORPUS)
    assert ids(index, "they cannot hear my voice") == [11]
    assert index.search("they cannot hear my voice").degraded is None
    kinds = execute(
        schema,
        "SELECT data_type FROM information_schema.columns"
        f" WHERE table_schema = '{schema.name}' AND column_name = 'embedding'",
    )
    if kind == "postgresql":
        assert index.complaint() is None
        assert kinds.scalars().all() == ["USER-DEFINED"]
    else:
        assert "pgvector" in str(index.complaint())
        assert kinds.scalars().all() == ["bytea"]


def test_the_nearest_passages_come_from_the_index_of_the_vectors(
    kind: str, open_index: Callable[[], SearchIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a small corpus everything is compared; with the limit at nothing the answers stay the same."""
    index = open_index()
    secret = document(100, "Xylophonic merger", "They cannot hear a voice.", audience=frozenset({"role:board"}))
    index.rebuild([*CORPUS, secret])
    exact = [(hit.document_id, hit.parts) for hit in index.search("they cannot hear my voice").hits]
    monkeypatch.setattr(segment, "EXACT", 0)
    near = index.search("they cannot hear my voice")
    assert [(hit.document_id, hit.parts) for hit in near.hits] == exact
    assert 100 not in ids(index, "xylophonic merger", mode=Mode.SEMANTIC, limit=50)
    assert ids(index, "a voice", mode=Mode.SEMANTIC, audience={"role:board"})[0] == 100


def test_postings_are_packed_after_many_changes(
    schema: Place, open_index: Callable[[], SearchIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PACKED_AFTER", 6)
    index = open_index()
    for word in ("pool", "rock", "shore", "cave", "beach"):
        index.add([document(1, f"Walrus at the {word}"), document(2, "Walrus food")])
    count = "SELECT count(*) FROM {schema}.posting_1 WHERE term = 'walrus'"
    assert execute(schema, count).scalar_one() == 5
    index.add([document(3, "Walrus bath")])
    assert execute(schema, count).scalar_one() == 1
    assert set(ids(index, "walrus", mode=Mode.KEYWORD)) == {1, 2, 3}
    assert set(ids(open_index(), "walrus", mode=Mode.KEYWORD)) == {1, 2, 3}
    assert ids(index, "shore", mode=Mode.KEYWORD) == []
    assert ids(index, "beach", mode=Mode.KEYWORD) == [1]


@pytest.mark.parametrize("table", ["document_1", "passage_1", "posting_1", "vector_1_1"])
def test_a_rebuild_and_who_still_reads_the_old_tables_never_wait_for_each_other(
    schema: Place, open_index: Callable[[], SearchIndex], table: str
) -> None:
    open_index().rebuild(CORPUS)
    waiting = sa.text(
        "SELECT count(*) FROM pg_locks JOIN pg_class ON pg_class.oid = relation"
        " JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = :schema AND NOT granted"
    )
    engine = sa.create_engine(schema.url)
    with ThreadPoolExecutor(1) as pool, engine.connect() as reader:
        reader.execute(sa.text(f'SELECT count(*) FROM "{schema.name}".{table}'))
        rebuilt = pool.submit(open_index().rebuild, CORPUS)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watcher:
            while not watcher.execute(waiting, {"schema": schema.name}).scalar_one():
                assert not rebuilt.done()
                time.sleep(0.01)
        for other in ("document_1", "passage_1", "posting_1", "vector_1_1"):
            with suppress(sa.exc.ProgrammingError), reader.begin_nested():
                reader.execute(sa.text(f'SELECT count(*) FROM "{schema.name}".{other}'))
        reader.rollback()
        assert rebuilt.result() == len(CORPUS)
    left = execute(schema, f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema.name}'").scalars().all()
    assert not {"document_1", "passage_1", "posting_1", "vector_1_1"} & set(left)


def test_a_server_that_does_not_answer_is_no_damage(embedder: Embedder, tmp_path: Path) -> None:
    engine = PostgresEngine(sa.create_engine(f"postgresql://nobody@/nothing?host={tmp_path}"))
    index = SearchIndex(engine, lambda: embedder)
    results = index.search("reset password")
    assert results.hits == ()
    assert results.degraded is not None
    assert index.suggest("reset") == ()
    assert index.complaint() is not None
    assert engine.damage is None
