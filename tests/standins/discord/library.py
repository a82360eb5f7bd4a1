"""How discord.py is pointed at a stand-in: its two addresses are attributes of classes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL


class Addresses(Protocol):
    """A `DiscordApi`, or one in another process."""

    @property
    def url(self) -> str: ...

    @property
    def gateway_url(self) -> str: ...


@contextmanager
def pointed(api: Addresses) -> Iterator[None]:
    """Let every discord.py client of this process speak to `api` meanwhile.

    The library takes the gateway's address from a class too, not from GET /gateway/bot, and
    goes back to it when a session is invalidated. A client is ready only two seconds after the
    last server was told, unless it is made with a shorter `guild_ready_timeout`, and begins a
    session anew only after five, unless its `before_identify_hook` waits for less.
    """
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE = api.url
    DiscordWebSocket.DEFAULT_GATEWAY = URL(api.gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway
