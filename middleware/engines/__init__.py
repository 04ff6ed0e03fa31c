"""Recommendation engines of others, asked over HTTP: their answers are candidates for a shelf."""
