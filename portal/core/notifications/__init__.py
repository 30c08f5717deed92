"""Telling people: a line in the portal and an e-mail, from one call."""
