"""The things that go into the index and the things that come out of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

EVERYONE = "everyone"
"""The audience token that every reader holds, signed in or not."""

READING = 2
"""How texts are cut and read. Raised when that changes, so that the nightly check reads all documents anew."""


class Mode(StrEnum):
    """Which half of the engine answers."""

    KEYWORD = "keyword"
    SEMANTIC = "semantic"
    HYBRID = "hybrid"


class Sort(StrEnum):
    """The order of the results."""

    RELEVANCE = "relevance"
    DATE = "date"


class Why(StrEnum):
    """The reason that weighed most in finding a document."""

    WORDS = "words"
    MEANING = "meaning"
    BOTH = "both"
    PROMOTED = "promoted"


@dataclass(frozen=True)
class SearchDocument:
    """One thing that can be found: an article, a catalogue item, a known error.

    The id is unique in the whole index, whatever the type. The audience holds the tokens of which a reader
    needs at least one; an empty audience means that nobody finds the document.
    """

    id: int
    title: str
    body: str = ""
    summary: str = ""
    section: str = ""
    type: str = "article"
    tags: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    language: str = "en"
    audience: frozenset[str] = frozenset({EVERYONE})
    updated_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def digest(self) -> str:
        """A fingerprint of all that the index knows of the document, as 32 hexadecimal digits."""
        values = asdict(self) | {"audience": sorted(self.audience), "updated_at": self.updated_at.isoformat()}
        values["reading"] = READING
        text = json.dumps(values, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True)
class Passage:
    """A piece of a document that is read, embedded and quoted as one."""

    document_id: int
    ordinal: int
    anchor: str
    heading: str
    text: str


@dataclass(frozen=True)
class Quote:
    """The best passage of a hit: safe HTML with the matched words in ``<mark>``, and where it stands."""

    html: str
    anchor: str
    heading: str


class Favour(StrEnum):
    """Why a document may stand a little higher for one reader than for others."""

    SERVICE = "service"
    AUDIENCE = "audience"


@dataclass(frozen=True)
class Favoured:
    """What is near to one reader: services they use or answer for, and audiences that are theirs in particular."""

    services: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.services or self.audiences)

    def of(self, services: Collection[str], audience: Collection[str]) -> Favour | None:
        """Why a document is near to this reader, None when it is not."""
        if not self.services.isdisjoint(services):
            return Favour.SERVICE
        return Favour.AUDIENCE if not self.audiences.isdisjoint(audience) else None


@dataclass(frozen=True)
class Hit:
    """One result. The score lies between 0 and 1 and compares within one call only."""

    document_id: int
    score: float
    title: str
    title_html: str
    type: str
    section: str
    language: str
    services: tuple[str, ...]
    updated_at: datetime
    quote: Quote | None
    why: Why
    matched: tuple[str, ...] = ()
    similar: tuple[int, ...] = ()
    """Ids of near-duplicates that were folded into this hit."""
    favour: Favour | None = None
    """Why it may stand a little higher for this reader."""
    parts: dict[str, float] = field(default_factory=dict)
    """What each feature added to the score, for explanations to administrators."""


@dataclass(frozen=True)
class Filters:
    """What the reader narrowed the results to; an empty set means no limit."""

    types: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    updated_since: datetime | None = None


@dataclass(frozen=True)
class Suggestion:
    """A title offered while the reader types."""

    document_id: int
    title: str
    type: str


@dataclass(frozen=True)
class Results:
    """The answer to one search call."""

    query: str
    hits: tuple[Hit, ...] = ()
    total: int = 0
    corrected: str | None = None
    """The query that was searched in place of the given one, when spelling was mended."""
    did_you_mean: str | None = None
    """A query to offer, when mending was not certain enough to be done unasked."""
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    degraded: str | None = None
    """Why the search went on by keyword alone, in words for administrators."""
    timings_ms: dict[str, float] = field(default_factory=dict)
