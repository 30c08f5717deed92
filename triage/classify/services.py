"""What a text is about, and how sure we are."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.directory.api import Service
from triage.classify.keywords import FLOOR, KeywordIndex, Match, confidence
from triage.tickets.api import Category


@dataclass(frozen=True)
class Suggestion:
    """Service and category a text is most likely about; either is None where the evidence is too thin."""

    service: Service | None
    category: Category | None
    # From 0 to 1; below the floor nothing is suggested.
    confidence: float
    # The words of the text that decided, the strongest first.
    words: tuple[str, ...]

    def as_data(self) -> dict[str, object]:
        """Return the suggestion as it is kept with a ticket."""
        return {
            "by": "keywords",
            "service_id": self.service.id if self.service else None,
            "category_id": self.category.id if self.category else None,
            "confidence": round(self.confidence, 2),
            "words": list(self.words),
        }


NOTHING = Suggestion(None, None, 0.0, ())


def suggest(text: str, services: Sequence[Service], categories: Sequence[Category]) -> Suggestion:
    """Suggest which of these a text is about, from names, keywords and descriptions alone.

    No query; no state. A category brings its usual service along; where no category is sure enough, a service
    may still be. Abstains when the best evidence is thin or two candidates are close.
    """
    by_service = KeywordIndex(services).match(text)
    leaves = [category for category in categories if category.id not in {other.parent_id for other in categories}]
    by_category = _supported(KeywordIndex(leaves).match(text), by_service)
    sure_category, sure_service = confidence(by_category), confidence(by_service)
    if sure_category >= FLOOR:
        best = by_category[0]
        known = {service.id: service for service in services}
        service = known.get(best.candidate.service_id or 0) or _first(by_service, sure_service)
        return Suggestion(service, best.candidate, sure_category, best.words[:4])
    if sure_service >= FLOOR:
        return Suggestion(by_service[0].candidate, None, sure_service, by_service[0].words[:4])
    return NOTHING


def _supported(matches: list[Match[Category]], services: list[Match[Service]]) -> list[Match[Category]]:
    # Evidence for a category's usual service speaks for the category too, half as loud.
    scores = {match.candidate.id: match.score for match in services}
    supported = [
        Match(match.candidate, match.score + 0.5 * scores.get(match.candidate.service_id or 0, 0.0), match.words)
        for match in matches
    ]
    return sorted(supported, key=lambda match: (-match.score, match.candidate.id))


def _first(matches: list[Match[Service]], sure: float) -> Service | None:
    return matches[0].candidate if matches and sure >= FLOOR else None
