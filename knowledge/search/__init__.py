"""Hybrid search over documents: keywords and meaning, fused by what the query looks like.

The package is a library of its own: it knows neither the web nor the articles. Callers open a
``knowledge.search.index.SearchIndex`` on an engine, hand it documents to index and ask it questions.
"""
