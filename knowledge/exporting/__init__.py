"""Articles as files that import back to the same."""
