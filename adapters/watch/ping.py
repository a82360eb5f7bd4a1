"""A sign of life to a service that raises an alarm when none comes any more.

Healthchecks and Uptime Kuma take a plain GET at an address that only its owner knows.

Source: https://healthchecks.io/docs/http_api/; https://github.com/louislam/uptime-kuma/wiki
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from adapters.chat.connections import Connections, Limits
from adapters.chat.exchange import NoAnswer
from bot.errors import TryLater

_HEADERS = {"User-Agent": "Tradebell"}


@asynccontextmanager
async def pinging(url: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """What gives one sign of life; it raises `TryLater` if that did not arrive."""
    async with Connections(most=1, limits=Limits(connect=10.0, answer=10.0)) as connections:

        async def ping() -> None:
            try:
                answer = await connections.ask("GET", url, headers=_HEADERS)
            except NoAnswer as failure:
                raise TryLater(str(failure)) from None
            if not answer.is_good:
                raise TryLater(f"HTTP {answer.status}")

        yield ping
