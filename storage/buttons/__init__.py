"""Buttons, pressed once, and the messages that show them."""
