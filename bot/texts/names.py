"""What bots, strategies and chats are called; a bot that nobody can name is a bot."""

from bot.domain import names
from bot.domain.chats import Channel, Endpoint
from bot.domain.events import Strategy, Trader
from bot.domain.visits import INBOX
from bot.texts.language import _


def trader_name(trader: Trader | None, fallback: str | None = None) -> str:
    """A bot's name to show: its own, else its id, else what it is."""
    return names.trader_name(trader, fallback) or _("a bot")


def strategy_name(strategy: Strategy) -> str:
    return names.strategy_name(strategy) or _("a strategy")


def app_name(channel: Channel) -> str:
    """'Telegram': a chat platform's own name is the same in every language."""
    match channel:
        case Channel.PUSH:
            return _("Mobile push")
        case Channel.WEB:
            return _("Web chat")
        case _:
            return channel.title()


def chat_sort(chat: Endpoint) -> str:
    """'Telegram chat'."""
    match chat.address.channel:
        case Channel.PUSH:
            return _("Push chat")
        case Channel.WEB if chat.address.bot == INBOX:
            return _("Inbox")
        case Channel.WEB:
            return _("Web chat")
        case channel:
            return _("{app} chat", app=app_name(channel))


def chat_title(chat: Endpoint) -> str:
    """'Discord chat #desk in Alpha': which one it is, never its address."""
    return f"{chat_sort(chat)} {chat.name}".rstrip()
