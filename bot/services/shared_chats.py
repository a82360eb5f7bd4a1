"""What keeps a card from a chat where others read along."""

import asyncio

from bot.domain.deliveries import Attempt, Delivery, Gone, Postponed, Scope
from bot.domain.reasons import Reason
from bot.errors import Refused, TryLater, Unreachable
from bot.ports import Readership

READERSHIP_TIMEOUT: float = 4.0
"""Seconds that a look at who is there may take: its lane stands still meanwhile."""


async def not_to_be_shown(delivery: Delivery, readership: Readership | None) -> Attempt | None:
    """Why nothing may be shown in a shared chat now; `None` if it may, or nobody reads along."""
    if delivery.host is None or readership is None:
        return None
    try:
        async with asyncio.timeout(READERSHIP_TIMEOUT):
            left = await readership.has_left(delivery.address, delivery.host)
    except TimeoutError:
        return Postponed(reason=Reason.READERS_UNKNOWN, tried=False)
    except Unreachable:
        return Postponed(reason=Reason.READERS_UNKNOWN, scope=Scope.CHANNEL, tried=False)
    except TryLater as outage:
        return Postponed(reason=Reason.READERS_UNKNOWN, retry_after=outage.retry_after, tried=False)
    except Refused:
        return None  # the message itself finds out how it is
    return Gone(reason=Reason.HOST_LEFT) if left else None
