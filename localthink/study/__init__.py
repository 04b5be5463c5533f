"""Experiments on this machine: settings compared on the same problems with the same luck, and what that shows."""
