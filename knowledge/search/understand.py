"""From the text of a query to what each half is asked: spelling mended, word forms added, synonyms joined."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from knowledge.search.keyword import QueryTerm, TermQuery
from knowledge.search.parse import ParsedQuery
from knowledge.search.spelling import Correction, Speller, Vocabulary
from knowledge.search.words import EVERY_STOP_WORD, STOP_WORDS, identifier_parts, replace_words, stem, words

UNSURE, AS_WRITTEN, JOINED, PART, SYNONYM, COMPOUND, RELATED = 0.8, 0.5, 0.7, 0.5, 0.7, 0.6, 0.7
"""What a term counts that the reader did not type so: an unsure correction, the doubtful word itself, two words
written as one, a part of an identifier, a synonym, a compound of the word, its relation in another language."""

Synonyms = Mapping[str, Sequence[str]]
"""Words or phrases, folded, with what else they are called."""


@dataclass(frozen=True)
class Understood:
    """What a query means to each half of the engine."""

    terms: TermQuery
    order: tuple[QueryTerm, ...]
    """The terms in the order in which they were asked, for nearness."""
    phrases: tuple[tuple[QueryTerm, ...], ...]
    meaning: str
    """The text to embed."""
    corrected: str | None
    did_you_mean: str | None


def understand(
    parsed: ParsedQuery,
    *,
    vocabulary: Vocabulary,
    speller: Speller | None,
    languages: Collection[str],
    synonyms: Synonyms,
) -> Understood:
    """Prepares a parsed query.

    :param speller: None leaves every word as it was typed.
    :param languages: of the documents that the reader may see; each gives its own word forms.
    """
    # What owners have explained is no mistake, although no document may use it.
    explained = {word for phrase in synonyms for word in phrase.split()}
    open_words = [word for word in parsed.words if word not in parsed.fixed_words and word not in explained]
    found_corrections = speller.correct(open_words, parsed.language) if speller else []
    corrections = {c.word: c for c in found_corrections if not c.related}
    related = [c.replacement for c in found_corrections if c.related]
    applied = {w: c.replacement for w, c in corrections.items() if c.sure or w not in vocabulary}
    doubted = {w: c.replacement for w, c in corrections.items() if w not in applied}
    corrected = replace_words(parsed.text, applied) if applied else None
    stop = STOP_WORDS[parsed.language] if parsed.language else EVERY_STOP_WORD

    def term(word: str, weight: float = 1.0, also: Sequence[str] = ()) -> QueryTerm:
        forms = dict.fromkeys(stem(form, language) for form in (word, *also) for language in languages)
        return QueryTerm(tuple(forms) or (word,), weight, word)

    found: dict[tuple[str, ...], QueryTerm] = {}

    def ask(one: QueryTerm) -> None:
        held = found.get(one.forms)
        if held is None or held.weight < one.weight:
            found[one.forms] = one

    for word, weight in _weighted(parsed, corrections, vocabulary):
        if word not in stop:
            ask(term(word, weight))
            if parsed.language == "de":
                for compound in vocabulary.compounds_of(word):
                    ask(term(compound, COMPOUND * weight))
    if speller:
        for joined in speller.joined(open_words):
            ask(term(joined, JOINED))
    for part in identifier_parts(parsed.text):
        if part not in stop:
            ask(term(part, PART))
    for word in related:
        ask(term(word, RELATED))
    expansions = _expansions(words(corrected or parsed.text), synonyms)
    for word in dict.fromkeys(w for expansion in expansions for w in words(expansion)):
        if word not in stop:
            ask(term(word, SYNONYM))
    meaning = corrected or parsed.text
    if beside := [*related, *expansions]:
        meaning = f"{meaning} ({', '.join(beside)})"
    return Understood(
        terms=TermQuery(tuple(found.values()), parsed.identifiers),
        order=tuple(term(word) for word in words(corrected or parsed.text) if word not in stop),
        phrases=tuple(tuple(term(word) for word in phrase if word not in stop) for phrase in parsed.phrases),
        meaning=meaning,
        corrected=corrected,
        did_you_mean=replace_words(corrected or parsed.text, doubted) if doubted else None,
    )


def _weighted(
    parsed: ParsedQuery, corrections: Mapping[str, Correction], vocabulary: Vocabulary
) -> list[tuple[str, float]]:
    """The words to look for: a corrected word counts, and the word as typed still counts where it is in use."""
    weighted = []
    for word in parsed.words:
        correction = corrections.get(word)
        if correction is None:
            weighted.append((word, 1.0))
            continue
        weight = 1.0 if correction.sure else UNSURE
        weighted += [(part, weight) for part in correction.replacement.split()]
        if word in vocabulary:
            weighted.append((word, AS_WRITTEN))
    return weighted


def _expansions(query_words: list[str], synonyms: Synonyms) -> list[str]:
    """What else the words and phrases of a query are called."""
    if not synonyms:
        return []
    text = f" {' '.join(query_words)} "
    return [other for phrase, others in synonyms.items() if f" {phrase} " in text for other in others]
