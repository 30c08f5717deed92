"""The demo organisation: data and the command that loads it through the product's own services."""
