"""What changes the state of the status page."""
