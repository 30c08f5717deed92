"""What is read of the knowledge base; every query starts from who is asking."""
