"""What chat platforms have in common: work in order for each chat."""
