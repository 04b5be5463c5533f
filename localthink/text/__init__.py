"""Text for people: of unknown origin, on a terminal or in a pipe; sizes and counts in words."""
