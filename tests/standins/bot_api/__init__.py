"""A stand-in for Telegram: the Bot API over HTTP, with people, phones and faults."""

from tests.standins.bot_api.server import TOKEN, BotApi
from tests.standins.bot_api.world import (
    Access,
    Answer,
    Button,
    Call,
    Chat,
    Message,
    Person,
    Press,
    World,
)

__all__ = [
    "TOKEN",
    "Access",
    "Answer",
    "BotApi",
    "Button",
    "Call",
    "Chat",
    "Message",
    "Person",
    "Press",
    "World",
]
