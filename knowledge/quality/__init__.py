"""What can be checked of an article without understanding it."""
