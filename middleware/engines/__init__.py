"""Recommendations of other programs, asked over HTTP."""
