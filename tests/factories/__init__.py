"""Makers of real rows: each returns a committed row with sensible values, and takes what the test cares about."""
