"""What changes the knowledge base, one function a use case."""
