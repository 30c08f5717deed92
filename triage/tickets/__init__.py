"""Tickets: queues, conversation, states and resolution."""
