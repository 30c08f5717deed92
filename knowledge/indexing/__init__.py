"""Keeping the search index in step with the articles: the bridge between the database and ``knowledge.search``."""
