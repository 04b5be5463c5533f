"""What is seen on a screen, one kind of thing a module."""
