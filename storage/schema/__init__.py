"""What is stored: tables, their states and versions, and rows as values of the domain."""
