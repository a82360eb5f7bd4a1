"""What is written to the log, in which shape, and what never is."""
