"""The terminal program; the only part of localthink that may import Textual."""
