"""The conversation that solves a problem or sorts it."""
