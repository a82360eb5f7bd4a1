"""What bots, strategies and chats are called; a bot that nobody can name is a bot."""

from bot.domain import names
from bot.domain.chats import INBOX, Channel, Endpoint
from bot.domain.events import Strategy, Trader
from bot.domain.phones import Service
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
            return _("Phone")
        case Channel.WEB:
            return _("Web chat")
        case _:
            return channel.title()


def service_name(service: str) -> str:
    """'ntfy', 'Pushover': each writes itself so."""
    match service:
        case Service.BROWSER:
            return _("web push")
        case Service.NTFY:
            return service
        case _:
            return service.title()


def chat_sort(chat: Endpoint) -> str:
    """'Telegram chat'."""
    match chat.address.channel:
        case Channel.PUSH:
            return _("Phone by {service}", service=service_name(chat.address.bot))
        case Channel.WEB if chat.address.bot == INBOX:
            return _("Inbox")
        case Channel.WEB:
            return _("Web chat")
        case channel:
            return _("{app} chat", app=app_name(channel))


def chat_title(chat: Endpoint) -> str:
    """'Discord chat #desk in Alpha', 'Phone by ntfy on ntfy.sh': which one, never its address."""
    if chat.address.channel is Channel.PUSH and chat.name:
        return _("{phone} on {name}", phone=chat_sort(chat), name=chat.name)
    return f"{chat_sort(chat)} {chat.name}".rstrip()
