"""Ways to steer thinking while it is decoded: pure state machines, tokens in, bias out."""
