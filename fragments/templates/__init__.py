"""Fragments that every shop has: a site's own file of the same name comes first."""
