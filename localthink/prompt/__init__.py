"""From messages to a prompt's tokens: the chat template, run in a process of its own, and the thinking block opened."""
