"""The keyword engines by name."""

from __future__ import annotations

from knowledge.search.keyword import KeywordEngine
from knowledge.search.keyword_whoosh import WhooshEngine

KEYWORD_ENGINES = ("whoosh", "tantivy")


def keyword_engine(name: str) -> KeywordEngine:
    """The engine of a name.

    :raises ValueError: when there is none of that name.
    :raises ImportError: when tantivy is asked for and not installed.
    """
    if name == "whoosh":
        return WhooshEngine()
    if name == "tantivy":
        # An extra, which most installations go without.
        from knowledge.search.keyword_tantivy import TantivyEngine

        return TantivyEngine()
    raise ValueError(f"unknown keyword engine {name!r}; there are {', '.join(KEYWORD_ENGINES)}")
