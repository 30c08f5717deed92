"""Where packages above this one join in: what they show beside articles, and who wants to hear of a change.

The knowledge base does not know them. They append their functions once, when their feature is loaded.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from knowledge.models import Article
from portal.core.audit.services import Actor
from portal.directory.api import User


@dataclass(frozen=True)
class Beside:
    """A link beside an article, as to the tickets it is linked to."""

    label: str
    url: str
    # Nothing is there to look at yet; ``act`` says what this person could do there, "" when nothing.
    is_empty: bool = False
    act: str = ""


# Each answers for several articles at once what this person sees beside them.
besides: list[Callable[[Collection[int], User], Mapping[int, Beside]]] = []
# Each is told, in the transaction, when readers get a new version of an article or lose it.
observers: list[Callable[[Article, Actor | None], None]] = []


def beside(article_ids: Collection[int], user: User) -> dict[int, list[Beside]]:
    """Return what others show beside each of the articles."""
    found: dict[int, list[Beside]] = {number: [] for number in article_ids}
    for answer in besides if found else ():
        for number, item in answer(found, user).items():
            found[number].append(item)
    return found


def tell_observers(article: Article, actor: Actor | None) -> None:
    for tell in observers:
        tell(article, actor)
