"""Status page: what works, what does not, and since when."""
