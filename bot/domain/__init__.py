"""Values and pure decisions."""
