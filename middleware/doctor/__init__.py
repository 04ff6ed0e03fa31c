"""Looks at a shop from outside, as its visitors do: what happens to answers on their way."""
