"""The commands, one short file each; errors become one line and an exit code."""
