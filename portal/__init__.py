"""Portico's shell and foundation: the application factory, the core, the directory and the front page."""
