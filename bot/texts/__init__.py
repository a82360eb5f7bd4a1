"""Every sentence that a person reads: pure functions from what is known to a card or to words."""
