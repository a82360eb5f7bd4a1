"""Discord chats, over its REST API and its gateway."""
