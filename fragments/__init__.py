"""Bytes, templates and products."""
