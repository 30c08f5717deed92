"""What a text is about, and how sure we are."""

from dataclasses import dataclass

from portal.core.web.remembering import remembered
from triage.classify.keywords import FLOOR, KeywordIndex, Match, confidence
from triage.tickets.api import Choice, offered


@dataclass(frozen=True)
class Suggestion:
    """Service and category a text is most likely about; either is None where the evidence is too thin."""

    service: Choice | None
    category: Choice | None
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


@dataclass(frozen=True)
class _Indexed:
    """What is offered for tickets, ready to be compared with a text."""

    services: KeywordIndex
    # Only those with none beneath them.
    categories: KeywordIndex


def suggest(text: str) -> Suggestion:
    """Suggest which service and category a text is about, from their names, keywords and descriptions alone.

    A category brings its usual service along; where no category is sure enough, a service may still be. Abstains when
    the best evidence is thin or two candidates are close.
    """
    known = remembered(_index, "words of services and categories")
    by_service = known.services.match(text)
    by_category = _supported(known.categories.match(text), by_service)
    sure_category, sure_service = confidence(by_category), confidence(by_service)
    if sure_category >= FLOOR:
        best = by_category[0]
        usual = (service for service in known.services.candidates if service.id == best.candidate.service_id)
        service = next(usual, None) or _first(by_service, sure_service)
        return Suggestion(service, best.candidate, sure_category, best.words[:4])
    if sure_service >= FLOOR:
        return Suggestion(by_service[0].candidate, None, sure_service, by_service[0].words[:4])
    return NOTHING


def _index() -> _Indexed:
    services, categories = offered()
    above = {category.parent_id for category in categories}
    return _Indexed(KeywordIndex(services), KeywordIndex([one for one in categories if one.id not in above]))


def _supported(matches: list[Match], services: list[Match]) -> list[Match]:
    # Evidence for a category's usual service speaks for the category too, half as loud.
    scores = {match.candidate.id: match.score for match in services}
    supported = [
        Match(match.candidate, match.score + 0.5 * scores.get(match.candidate.service_id or 0, 0.0), match.words)
        for match in matches
    ]
    return sorted(supported, key=lambda match: (-match.score, match.candidate.id))


def _first(matches: list[Match], sure: float) -> Choice | None:
    return matches[0].candidate if matches and sure >= FLOOR else None
