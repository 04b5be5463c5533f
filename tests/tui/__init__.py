"""A package, so that `tui` is these helpers and not the repository's folder of that name."""
