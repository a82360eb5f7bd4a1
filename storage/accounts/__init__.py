"""Accounts, the chats that are linked to them, and how a link comes about."""
