"""The script that learns the weights of the fusion: what it holds out, and that it learns what can be learned."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.learn_fusion import connected, cross_validate, gather, learn, reciprocal_ranks, report, shortfalls
from benchmarks.searched_corpus import JudgedQuery, read_queries
from knowledge.search.fuse import FEATURES
from knowledge.search.index import SearchIndex

LINES = [
    {"query": "reset my password", "path": "password.md", "kind": "keywords"},
    {"query": "I forgot the secret word for my account", "path": "password.md", "kind": "question"},
    {"query": "0x80040305", "path": "remote.md", "kind": "exact"},
    {"query": "cannot reach work systems from my flat", "paths": ["remote.md"], "kind": "question"},
    {"query": "prnter ofline", "paths": ["printer.md", "gone.md"], "kind": "typo"},
    {"query": "shared calender", "path": "calendar.md", "kind": "typo"},
    {"query": "mic not heard by the others", "path": "microphone.md", "kind": "question"},
    {"query": "new laptop", "path": "laptop.md"},
    {"query": "qwxzv blorptang", "path": "laptop.md"},
    {"query": "", "path": "gone.md"},
]
IDS = {"password.md": 1, "remote.md": 2, "printer.md": 3, "calendar.md": 4, "microphone.md": 11, "laptop.md": 9}


@pytest.fixture
def queries(tmp_path: Path) -> list[JudgedQuery]:
    file = tmp_path / "queries.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in LINES) + "\n", "utf-8")
    return list(read_queries(file))


def test_weights_are_learned_from_what_the_index_finds(
    corpus_index: SearchIndex, queries: list[JudgedQuery], capsys: pytest.CaptureFixture[str]
) -> None:
    judged = gather(corpus_index, queries, IDS)
    assert (judged.right >= 0).tolist() == [True] * 8 + [False] * 2
    assert judged.halves["keyword"][2] == 1.0
    assert judged.halves["semantic"][1] > judged.halves["semantic"][8] == 0.0
    held_out = cross_validate(judged, folds=4, repeats=1)
    assert held_out.shape == (len(LINES),)
    weights = learn(judged, np.arange(len(LINES)))
    assert weights.shape == (3, len(FEATURES))
    assert np.isfinite(weights).all()
    assert reciprocal_ranks(judged, weights, np.arange(8)).mean() > 0.9
    report({"cross-validated": held_out}, judged.kinds)
    head, line, counts = capsys.readouterr().out.splitlines()
    assert head.split() == ["mrr@10", "keywords", "question", "exact", "typo", "all"]
    assert counts.split() == ["queries", "1", "3", "1", "2", "10"]
    assert len(line.split()) == 6
    nothing = np.zeros(len(LINES))
    assert [short.split()[0] for short in shortfalls(nothing, judged)][:2] == ["keywords", "question"]


def test_what_shares_a_document_or_a_text_is_held_out_together() -> None:
    groups = connected(
        [
            JudgedQuery("one", "", ("a", "b")),
            JudgedQuery("two", "", ("c",)),
            JudgedQuery("three", "", ("b", "d")),
            JudgedQuery("TWO ", "", ("d",)),
            JudgedQuery("four", "", ("e",)),
        ]
    )
    # The first and the third share b, the third and the fourth d, the fourth and the second their words.
    assert len(set(groups[:4].tolist())) == 1
    assert groups[4] != groups[0]
