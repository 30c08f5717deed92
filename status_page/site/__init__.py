"""The finished pages: every file of the status page, made from a board."""
