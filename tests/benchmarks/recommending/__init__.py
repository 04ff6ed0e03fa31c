"""How good and how fast recommendations are, beside those of others; data from a folder that is named."""
