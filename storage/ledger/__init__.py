"""What the accounts' trades came to."""
