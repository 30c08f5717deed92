"""Articles in the shape in which the index takes them."""

from collections.abc import Collection, Iterator

from knowledge.queries.changes import Searchable, find_document, iterate_documents
from knowledge.search.document import SearchDocument


def as_document(article: Searchable) -> SearchDocument:
    return SearchDocument(
        id=article.id,
        title=article.title,
        body=article.body,
        summary=article.summary,
        section=article.section,
        type=article.type,
        tags=article.tags,
        services=article.services,
        language=article.language,
        audience=article.audience,
        updated_at=article.updated_at,
    )


def all_documents() -> Iterator[SearchDocument]:
    """Yield everything readers can find, a few hundred articles in memory at a time."""
    return (as_document(article) for article in iterate_documents())


def documents_of(ids: Collection[int]) -> Iterator[SearchDocument]:
    """Yield those of the articles that readers can find."""
    for article_id in ids:
        article = find_document(article_id)
        if article is not None:
            yield as_document(article)


def expected_digests() -> dict[int, str]:
    """Return the digest of each document that should be in the index, by its id."""
    return {document.id: document.digest() for document in all_documents()}
