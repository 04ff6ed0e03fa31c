"""Products for shelves."""
