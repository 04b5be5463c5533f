"""The chat without a screen: text that is only appended."""
