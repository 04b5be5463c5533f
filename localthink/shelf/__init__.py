"""The models there are: the catalogue, those on this disk, those of other programs, and where each came from."""
