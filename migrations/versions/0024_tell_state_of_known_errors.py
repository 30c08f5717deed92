"""Give the known errors that are there a state: with a workaround where their text has that heading, else open."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute(
        """
        UPDATE article SET error_state_at = content_updated_at, error_state = CASE WHEN EXISTS (
            SELECT 1 FROM article_version
            WHERE article_version.article_id = article.id
            AND article_version.number = COALESCE(article.published_number, article.latest_number)
            AND (lower(article_version.body_markdown) LIKE '%# workaround%'
                 OR lower(article_version.body_markdown) LIKE '%# behelfsl%')
        ) THEN 'workaround' ELSE 'open' END
        WHERE type = 'known_error'
        """
    )
