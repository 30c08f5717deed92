"""Writes of the directory: one function a use case."""
