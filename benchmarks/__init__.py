"""How fast it is, on loopback among stand-ins, beside the bot that anybody would write."""
