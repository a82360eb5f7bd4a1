"""What is owed: deliveries, claims, digests, changes of what was shown, chats that close."""
