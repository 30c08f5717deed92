"""What a text is about, and how sure we are."""
