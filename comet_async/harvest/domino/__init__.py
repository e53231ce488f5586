"""Domino as a source of harvests: its tables, its listings, and how they are read."""
