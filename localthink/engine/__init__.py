"""The engine room: llama.cpp through its low-level API, one context, many sequences."""
