"""Whether a model fits, with which context and cache, and how fast it would be: arithmetic from its shape alone."""
