"""The search index: the one class that callers use."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from knowledge.search import answer
from knowledge.search.document import Favoured, Filters, Mode, Results, SearchDocument, Sort, Suggestion
from knowledge.search.embedder import Embedder
from knowledge.search.embedding import Progress
from knowledge.search.engine import SearchEngine
from knowledge.search.fuse import DEFAULT, Fusion
from knowledge.search.model import LazyModel, model_record
from knowledge.search.nearest import Neighbour, nearest_to_indexed, nearest_to_text
from knowledge.search.snapshot import View
from knowledge.search.suggest import in_view, suggest
from knowledge.search.understand import Synonyms

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Drift:
    """How the index differs from what it should hold."""

    missing: tuple[int, ...] = ()
    outdated: tuple[int, ...] = ()
    extra: tuple[int, ...] = ()
    unembedded: tuple[int, ...] = ()
    """Documents that have no vectors of the present model."""
    damage: str | None = None

    def __bool__(self) -> bool:
        return bool(self.missing or self.outdated or self.extra or self.unembedded or self.damage)

    def without(self, ids: Collection[int]) -> Drift:
        """The same but for some documents, which somebody is about to take up."""
        wanted = set(ids)

        def rest(numbers: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(number for number in numbers if number not in wanted)

        return replace(
            self,
            missing=rest(self.missing),
            outdated=rest(self.outdated),
            extra=rest(self.extra),
            unembedded=rest(self.unembedded),
        )


@dataclass(frozen=True)
class IndexState:
    """What administrators see of the index."""

    documents: int
    passages: int
    generation: int
    segments: int
    engine: str
    models: tuple[str, ...]
    """The models and precisions that made the vectors in the index."""
    model: str | None
    """The model that embeds queries now; None when there is none."""
    problem: str | None
    """Why search is degraded or must be rebuilt, in words."""
    notice: str | None = None
    """What else administrators should know, in words."""


class SearchIndex:
    """A search index. One object serves all threads of a process; many processes may open one index."""

    def __init__(
        self,
        engine: SearchEngine,
        open_model: Callable[[], Embedder] | None = None,
        *,
        fusion: Fusion = DEFAULT,
        protected: Iterable[str] = (),
        model_languages: frozenset[str] = frozenset({"en"}),
    ) -> None:
        """Opens the index, or an empty one; nothing is read or written before it is needed.

        :param engine: what keeps the index.
        :param open_model: opens the model when it is first needed; it may raise ModelUnavailable, and search goes
            on by keyword.
        :param protected: words that are never corrected, such as the names in the glossary.
        :param model_languages: what the model was trained on; in other languages words count for more.
        """
        self.engine = engine
        self._model = LazyModel(open_model)
        self._fusion = fusion
        self._protected = answer.protected_words(protected)
        self._model_languages = model_languages
        self._accepted: frozenset[str] | None = None

    def search(
        self,
        query: str,
        *,
        audience: Iterable[str] = (),
        mode: Mode = Mode.HYBRID,
        filters: Filters | None = None,
        sort: Sort = Sort.RELEVANCE,
        limit: int = 10,
        offset: int = 0,
        correct: bool = True,
        synonyms: Synonyms | None = None,
        promoted: Sequence[int] = (),
        favoured: Favoured | None = None,
    ) -> Results:
        """Answers a query. No text is refused, and no error of the model or the index reaches the caller.

        :param audience: the tokens that the reader holds, besides the one that everyone holds.
        :param correct: False searches for the words as typed: the way back from a correction.
        :param synonyms: folded words or phrases, with what else they are called.
        :param promoted: ids that stand first where the reader may see them and the filters keep them.
        :param favoured: what is near to the reader, and stands a little higher among what fits about equally well.
        """
        started = time.perf_counter()
        request = answer.Request(
            query,
            mode,
            filters or Filters(),
            sort,
            max(0, limit),
            max(0, offset),
            correct,
            synonyms or {},
            promoted,
            favoured or Favoured(),
        )
        try:
            results = self._read(lambda: answer.answer(request, self.view(audience), self._means(mode)))
        except OSError as error:
            self.engine.mark_damaged(error)
            results = Results(query, degraded=self.engine.damage or str(error))
        results.timings_ms["total"] = (time.perf_counter() - started) * 1000
        return results

    def warm(self) -> None:
        """Opens the model and the index, so that the first reader after a start need not wait for them."""
        self.search("ready", limit=1)

    def suggest(self, typed: str, *, audience: Iterable[str] = (), limit: int = 8) -> tuple[Suggestion, ...]:
        """Titles to offer while someone types; a few milliseconds, and no model is asked."""
        try:
            return self._read(lambda: suggest(self.view(audience), typed, limit))
        except OSError as error:
            self.engine.mark_damaged(error)
            return ()

    def in_view(self, queries: Sequence[tuple[str, Collection[int]]], *, audience: Iterable[str] = ()) -> list[bool]:
        """Whether each of some searches that others made, with what they opened, may be offered to a reader."""
        try:
            return self._read(lambda: [in_view(self.view(audience), text.split(), ids) for text, ids in queries])
        except OSError as error:
            self.engine.mark_damaged(error)
            return [False] * len(queries)

    def nearest(
        self, document: int | SearchDocument, *, audiences: Collection[str], limit: int = 6
    ) -> tuple[Neighbour, ...] | None:
        """The documents closest in meaning to one, in its language, best first, for several kinds of readers at once.

        :param document: the id of one in the index, which needs no model; or a whole one, such as a draft.
        :param audiences: tokens; the answer holds for each the ``limit`` nearest among what its holders may see. The
            nearest for a reader with several tokens are among those of their tokens.
        :returns: None when the document is not in the index, or meaning is not at hand.
        """

        def find() -> tuple[Neighbour, ...] | None:
            snapshot = self.engine.snapshot()
            if isinstance(document, int):
                return nearest_to_indexed(snapshot, document, audiences, limit)
            embedder = self._model.get()
            return nearest_to_text(snapshot, document, embedder, audiences, limit) if embedder else None

        try:
            return self._read(find)
        except OSError as error:
            self.engine.mark_damaged(error)
            return None

    def add(self, documents: Iterable[SearchDocument]) -> int:
        """Adds documents, or replaces those with the same id; the next search finds them.

        :returns: how many were not indexed as they are already.
        :raises IndexDamaged: rebuild the index.
        """
        return self.engine.apply(documents, (), self._model.get())

    def remove(self, ids: Collection[int]) -> int:
        """Removes documents; ids that are not there are passed over.

        :raises IndexDamaged: rebuild the index.
        """
        return self.engine.apply((), ids, None)

    def rebuild(
        self, documents: Iterable[SearchDocument], *, progress: Progress | None = None, threads: int = 1
    ) -> int:
        """Builds the index anew from all documents beside the live one, then switches; mends any damage.

        :param progress: called with the passages that are done and those there are.
        :param threads: how many texts are embedded at once.
        """
        return self.engine.rebuild(documents, self._model.get(), progress, threads)

    def reembed(self, *, progress: Progress | None = None, threads: int = 1) -> int:
        """Makes the vectors anew that another model made, or that were left out while there was none."""
        embedder = self._model.get()
        return self.engine.reembed(embedder, progress, threads) if embedder else 0

    def check(self, expected: Mapping[int, str]) -> Drift:
        """Compares the index with what it should hold.

        :param expected: the digest of each document that should be indexed, by its id.
        """
        self.engine.verify()
        snapshot = self.engine.snapshot()
        held = snapshot.digests()
        embedder = self._model.get()
        record = model_record(embedder) if embedder else None
        unembedded = (
            n for n, row in snapshot.row_of.items() if record is not None and snapshot.model_of(row) != record
        )
        return Drift(
            missing=tuple(sorted(number for number in expected if number not in held)),
            outdated=tuple(
                sorted(number for number in expected if held.get(number, expected[number]) != expected[number])
            ),
            extra=tuple(sorted(number for number in held if number not in expected)),
            unembedded=tuple(sorted(unembedded)),
            damage=self.engine.damage,
        )

    def heal(self, expected: Mapping[int, str], fetch: Callable[[Collection[int]], Iterable[SearchDocument]]) -> Drift:
        """Finds drift and mends it.

        :param fetch: gives the documents for some ids; called with all ids when the index is damaged.
        :returns: what was found before it was mended.
        """
        drift = self.check(expected)
        if drift.damage:
            self.rebuild(fetch(tuple(expected)))
        else:
            wanted = (*drift.missing, *drift.outdated)
            self.engine.apply(fetch(wanted) if wanted else (), drift.extra, self._model.get())
            if drift.unembedded:
                self.reembed()
        return drift

    def state(self) -> IndexState:
        """The state of the index, for the health page."""
        snapshot = self.engine.snapshot()
        embedder = self._model.get()
        records = (snapshot.model_of(row) for row in snapshot.row_of.values())
        models = {f"{record['model']} {record['precision']}" for record in records if record}
        return IndexState(
            documents=len(snapshot.row_of),
            passages=sum(int(segment.passage_starts[-1]) for segment in snapshot.segments),
            generation=snapshot.manifest.generation,
            segments=len(snapshot.segments),
            engine=self.engine.name,
            models=tuple(sorted(models)),
            model=f"{embedder.model_id} {embedder.precision}" if embedder else None,
            problem=self.engine.damage or self._model.problem,
            notice=self.engine.notice,
        )

    def complaint(self, *, open_model: bool = False) -> str | None:
        """Why readers find less than they could, in words; quick.

        :param open_model: opens the model to be sure of it; otherwise it is only known once somebody has searched.
        """
        try:
            self.engine.snapshot()
        except OSError as error:
            return str(error)
        if open_model:
            self._model.get()
        return self.engine.damage or self._model.problem or self.engine.notice

    def candidates(self, query: str, *, audience: Iterable[str] = ()) -> answer.Candidates:
        """The candidates of a query with their features: what the weights of the fusion are learned from."""
        with self.engine.reading():
            return answer.candidates(query, self.view(audience), self._means(Mode.HYBRID))

    def _read(self, ask: Callable[[], Answer]) -> Answer:
        """Asks one state of the index; once more when that was swept away by a rebuild in between."""
        try:
            with self.engine.reading():
                return ask()
        except OSError:
            with self.engine.reading():
                return ask()

    def view(self, audience: Iterable[str]) -> View:
        """The newest state of the index as a reader with these tokens sees it."""
        if self._accepted is None:
            embedder = self._model.get()
            self._accepted = embedder.known_words() if embedder else None
        return self.engine.snapshot().view(audience, self._protected, self._accepted or frozenset())

    def _means(self, mode: Mode) -> answer.Means:
        embedder = None if mode is Mode.KEYWORD else self._model.get()
        problem = self.engine.damage or (None if mode is Mode.KEYWORD else self._model.problem)
        return answer.Means(embedder, self._fusion, self._model_languages, problem)
