"""Command in, card out: one conversation for every chat platform."""

from bot.services.conversation.conversation import Conversation

__all__ = ["Conversation"]
