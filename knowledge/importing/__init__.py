"""Folders of Markdown become articles, and again the same articles the next time."""
