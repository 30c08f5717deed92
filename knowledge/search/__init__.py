"""Hybrid search over documents: keywords and meaning, fused by what the query looks like.

The package is a library of its own: it knows neither the web nor the database. Callers open a
``knowledge.search.index.SearchIndex`` on a folder, hand it documents to index and ask it questions.
"""
