"""The world outside, lean enough not to be what is measured."""
