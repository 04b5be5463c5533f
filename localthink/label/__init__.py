"""What a person says of thoughts and steps: right, wrong, or unsure."""
