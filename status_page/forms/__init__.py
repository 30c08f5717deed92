"""Forms of the status page."""
