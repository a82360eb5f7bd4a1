"""Prices by which amounts are shown in another currency too: the platform's own, or none."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import timedelta

from bot.domain.conversion import PLAIN, Rate, Rates, pair_between, rate_by
from bot.domain.ids import AccountId, Now
from bot.errors import NeedsLogin, Refused, TryLater
from bot.ports import Session
from bot.services.feeds import Feeds

log = logging.getLogger(__name__)

WAIT = timedelta(seconds=2)
"""Prices pass several times a second where there are any."""

FRESH = timedelta(minutes=1)
"""A price is asked for again only when it is older."""

KEPT = timedelta(hours=1)
"""An older one is none."""

MOST = 1000
"""Prices that are remembered: the one that was heard longest ago is forgotten first."""


class Converting:
    """Prices are forgotten with the process."""

    def __init__(self, feeds: Feeds, now: Now) -> None:
        self._feeds = feeds
        self._now = now
        self._known: dict[tuple[AccountId, str, str], Rate] = {}

    async def rates(self, account: AccountId, into: str, currencies: Iterable[str]) -> Rates:
        """
        Args:
            into: empty if nobody wants one.
            currencies: of the amounts that are shown.
        """
        if not into:
            return PLAIN
        others = [one for one in dict.fromkeys(currencies) if one and one.upper() != into]
        async with asyncio.TaskGroup() as group:
            asked = {
                one: group.create_task(self._rate(account, one, into), name=f"price of {one}")
                for one in others
            }
        of: dict[str, Rate] = {}
        missing: dict[str, str | None] = {}
        for currency, task in asked.items():
            rate, pair = task.result()
            if rate is None:
                missing[currency] = pair
            else:
                of[currency] = rate
        return Rates(into=into, of=of, missing=missing, now=self._now())

    async def _rate(
        self, account: AccountId, currency: str, into: str
    ) -> tuple[Rate | None, str | None]:
        """With the pair that tells it."""
        key = account, currency, into
        known = self._known.get(key)
        if known is not None and self._now() - known.at < FRESH:
            return known, known.pair
        pair = None
        try:
            session = await self._feeds.session(account)
            pair = None if session is None else pair_between(currency, into, session.pairs)
            heard = await _price(session, pair, currency)
        except (TryLater, Refused, NeedsLogin) as failure:
            log.warning("no price to convert by", extra={"reason": str(failure)})
            heard = None
        if heard is not None:
            self._known.pop(key, None)
            self._known[key] = heard
            if len(self._known) > MOST:
                del self._known[next(iter(self._known))]
            return heard, heard.pair
        if known is not None and self._now() - known.at < KEPT:
            return known, known.pair
        return None, pair


async def _price(session: Session | None, pair: str | None, currency: str) -> Rate | None:
    if session is None or pair is None or not session.connected:
        return None
    tick = await session.price(pair, WAIT)
    return None if tick is None else rate_by(tick, currency)
