"""What fills the terminal: the conversation, and what opens on top of it."""
