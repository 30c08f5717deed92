"""What a search shows today, and what it would show with a change that is not saved yet."""

from dataclasses import dataclass

from knowledge.finding import FoundArticle, search_articles
from knowledge.permissions import Reader
from knowledge.tuning.rules import Rules

SHOWN = 6


@dataclass(frozen=True)
class Tried:
    """Both lists for one search, as the person who tries it may see them."""

    query: str
    today: list[FoundArticle]
    then: list[FoundArticle]

    @property
    def is_same(self) -> bool:
        return [found.id for found in self.today] == [found.id for found in self.then]


def try_out(query: str, reader: Reader, *, now: Rules, then: Rules) -> Tried:
    query = " ".join(query.split())[:200]
    lists = (search_articles(query, reader, rules=rules, limit=SHOWN)[1] for rules in (now, then))
    return Tried(query, *lists)
