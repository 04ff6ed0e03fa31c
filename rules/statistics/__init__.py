"""Uplift and its honest interval: numbers in, numbers out."""
