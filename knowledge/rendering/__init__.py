"""From Markdown to safe HTML, once at each save."""
