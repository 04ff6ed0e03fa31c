"""How visitors are shared out by what they did: weights that adapt, roll-outs that grow."""
