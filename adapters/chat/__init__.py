"""What chat platforms have in common."""
