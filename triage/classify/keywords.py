"""The baseline that needs no training: words of the text against names, keywords and descriptions in the data.

Every phrase of a candidate that occurs in the text adds its weight times how rare the phrase is among all
candidates, ``ln(1 + n / df)`` (inverse document frequency). The best candidate's share of all evidence, with a fixed
amount for "none of these", is the confidence; below a floor nothing is suggested.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log

from triage.classify.terms import terms_of, terms_of_entry, words_by_term
from triage.tickets.api import Choice

KEYWORD_WEIGHT, NAME_WEIGHT, DESCRIPTION_WEIGHT = 3.0, 2.0, 0.5
# Evidence that "none of these" always has: about one keyword that several candidates share.
UNKNOWN = 4.0
FLOOR = 0.4

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """A candidate with its evidence: the sum of weights and the words that gave it."""

    candidate: Choice
    score: float
    words: tuple[str, ...]


@dataclass
class KeywordIndex:
    """The phrases of all candidates, ready to be compared with a text."""

    candidates: Sequence[Choice]
    _phrases: dict[int, dict[Phrase, float]] = field(init=False)
    _rarity: dict[Phrase, float] = field(init=False)

    def __post_init__(self) -> None:
        self._phrases = {candidate.id: _phrases_of(candidate) for candidate in self.candidates}
        spread = Counter(phrase for phrases in self._phrases.values() for phrase in phrases)
        count = len(self.candidates)
        self._rarity = {phrase: log(1 + count / found) for phrase, found in spread.items()}

    def match(self, text: str) -> list[Match]:
        """Return the candidates with any evidence in the text, the strongest first."""
        terms: tuple[str, ...] = terms_of(text)
        present = set(terms)
        pairs, written = " ".join(["", *terms, ""]), words_by_term(text)
        found = []
        for candidate in self.candidates:
            hits = {
                phrase: weight * self._rarity[phrase]
                for phrase, weight in self._phrases[candidate.id].items()
                if (phrase[0] in present if len(phrase) == 1 else f" {' '.join(phrase)} " in pairs)
            }
            if hits:
                ranked = sorted(hits, key=lambda phrase: (-hits[phrase], phrase))
                found.append(Match(candidate, sum(hits.values()), _spelt(ranked, written)))
        return sorted(found, key=lambda match: (-match.score, match.candidate.id))


def _spelt(phrases: Sequence[Phrase], written: Mapping[str, str]) -> tuple[str, ...]:
    spelt = (" ".join(dict.fromkeys(written.get(term, term) for term in phrase)) for phrase in phrases)
    return tuple(dict.fromkeys(spelt))


def confidence(matches: Sequence[Match]) -> float:
    """Return how sure the first match is, from 0 to 1: its share of the evidence of the first two and of "unknown"."""
    if not matches:
        return 0.0
    rival = matches[1].score if len(matches) > 1 else 0.0
    return matches[0].score / (matches[0].score + rival + UNKNOWN)


def _phrases_of(candidate: Choice) -> dict[Phrase, float]:
    german = candidate.translations.get("de", {})
    phrases: dict[Phrase, float] = {}
    _add(phrases, _single([candidate.description, german.get("description", "")]), DESCRIPTION_WEIGHT)
    _add(phrases, _single([candidate.name, german.get("name", "")]), NAME_WEIGHT)
    _add(phrases, map(terms_of_entry, candidate.keywords), KEYWORD_WEIGHT)
    return phrases


def _single(texts: Iterable[str]) -> Iterable[Phrase]:
    return ((term,) for text in texts for term in terms_of_entry(text))


def _add(phrases: dict[Phrase, float], found: Iterable[Phrase], weight: float) -> None:
    for phrase in found:
        if phrase:
            # Two words that stand together tell more than one.
            phrases[phrase] = max(phrases.get(phrase, 0.0), weight * (1 + 0.5 * (len(phrase) - 1)))
