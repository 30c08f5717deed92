"""What other packages may use of the knowledge base."""

from knowledge.audience import is_token
from knowledge.content import ArticleContent
from knowledge.enums import ArticleState, ArticleType, Outcome, Permission
from knowledge.extending import Beside, besides, observers
from knowledge.finding import (
    FoundArticle,
    broader_queries,
    search_articles,
    suggest_articles,
    suggest_queries,
    suggest_titles,
)
from knowledge.importing.services import ImportOptions, import_folder
from knowledge.indexing.services import index_waiting_words
from knowledge.models import Article
from knowledge.permissions import Reader, visible_to
from knowledge.queries.articles import list_readable
from knowledge.queries.changes import Searchable, find_document, forget_changes, iterate_documents, list_changes
from knowledge.queries.known_errors import list_workarounds
from knowledge.queries.sections import Branch, section_tree
from knowledge.queries.usage import usage_of
from knowledge.search.document import Favoured, Filters, Results, Sort
from knowledge.services.life_cycle import ask_for_review_of_service
from knowledge.services.outcomes import (
    CAME_BACK_WITHIN,
    Solved,
    record_outcome,
    solved_lately,
    take_outcomes_over,
    withdraw_outcome,
)
from knowledge.tuning.enums import SearchOutcome
from knowledge.tuning.log import note_outcome, note_search, search_token
from knowledge.usage import Usage

__all__ = [
    "CAME_BACK_WITHIN",
    "Article",
    "ArticleContent",
    "ArticleState",
    "ArticleType",
    "Beside",
    "Branch",
    "Favoured",
    "Filters",
    "FoundArticle",
    "ImportOptions",
    "Outcome",
    "Permission",
    "Reader",
    "Results",
    "SearchOutcome",
    "Searchable",
    "Solved",
    "Sort",
    "Usage",
    "ask_for_review_of_service",
    "besides",
    "broader_queries",
    "find_document",
    "forget_changes",
    "import_folder",
    "index_waiting_words",
    "is_token",
    "iterate_documents",
    "list_changes",
    "note_outcome",
    "note_search",
    "list_readable",
    "solved_lately",
    "take_outcomes_over",
    "withdraw_outcome",
    "list_workarounds",
    "observers",
    "search_articles",
    "search_token",
    "suggest_articles",
    "suggest_queries",
    "suggest_titles",
    "record_outcome",
    "section_tree",
    "usage_of",
    "visible_to",
]
