"""Where thinking begins and ends, and where one thought gives way to the next."""
