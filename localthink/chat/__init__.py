"""A conversation without a screen: what the terminal program and the plain one have in common."""
