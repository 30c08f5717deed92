"""Is the portal well: probes for machines, metrics, and what they read."""
