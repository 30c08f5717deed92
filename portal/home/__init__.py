"""Front page, one search box over everything, and my things."""
