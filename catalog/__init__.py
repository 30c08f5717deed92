"""Service catalogue: what can be requested, with approvals and fulfilment."""
