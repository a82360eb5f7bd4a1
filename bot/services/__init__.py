"""The stories, told through ports only."""
