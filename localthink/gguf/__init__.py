"""GGUF files, read without loading them: names, bytes, header, checks, shape."""
