"""What of a machine matters to localthink: each thing looked at by itself, with what to do where it is not well."""
