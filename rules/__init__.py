"""Pure and synchronous: facts in, decisions out."""
