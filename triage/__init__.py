"""What happens between a problem and an agent."""
