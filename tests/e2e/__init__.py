"""The product as a user meets it: the real server, the real worker, a real browser."""
