"""Tables of the knowledge base."""

from knowledge.models.article import Article, ArticleAudience, ArticleService, ArticleTag, Tag
from knowledge.models.draft import ArticleDraft, DraftFile
from knowledge.models.feedback import ArticleFeedback, ArticleOutcome
from knowledge.models.links import ArticleFile, ArticleLink, ArticleSource, SearchChange
from knowledge.models.neighbours import ArticleComparison, ArticleNeighbour, ArticlePairApart
from knowledge.models.quality import ArticleQuality
from knowledge.models.review import ChangeRequest, ChangeRequestItem, PassageComment, Review, ReviewerAssignment
from knowledge.models.review_rule import ReviewRule
from knowledge.models.section import Section, SectionAudience
from knowledge.models.subscription import ResolvedNews, SubscriberNews, Subscription
from knowledge.models.transfer import Transfer
from knowledge.models.usage import ArticleDay, ReaderOfDay, ReaderSalt
from knowledge.models.version import ArticleVersion

__all__ = [
    "Article",
    "ArticleAudience",
    "ArticleComparison",
    "ArticleDay",
    "ArticleDraft",
    "ArticleFeedback",
    "ArticleFile",
    "ArticleLink",
    "ArticleNeighbour",
    "ArticleOutcome",
    "ArticlePairApart",
    "ArticleQuality",
    "ArticleService",
    "ArticleSource",
    "ArticleTag",
    "ArticleVersion",
    "ChangeRequest",
    "ChangeRequestItem",
    "DraftFile",
    "PassageComment",
    "ReaderOfDay",
    "ReaderSalt",
    "ResolvedNews",
    "Review",
    "ReviewRule",
    "ReviewerAssignment",
    "SearchChange",
    "Section",
    "SectionAudience",
    "SubscriberNews",
    "Subscription",
    "Tag",
    "Transfer",
]
