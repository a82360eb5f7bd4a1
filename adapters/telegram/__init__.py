"""Telegram chats, over the Bot API."""
