"""One account's prices, as far as somebody wants them: its alerts look at each, and ring."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import NoReturn

from bot.domain.accounts import Account
from bot.domain.events import Kind, Origin, PriceCrossed, Tick
from bot.domain.heard_prices import HeardPrices
from bot.domain.ids import Now
from bot.domain.live_prices import LivePrice
from bot.domain.pairs import pair_key
from bot.domain.price_alerts import PriceAlert, looked
from bot.errors import OutcomeUnknown, TryLater
from bot.ports import PriceAlerts, Session
from bot.services.feeds.price_gaps import PriceGaps
from bot.services.ingest import Ingest
from bot.services.retrying import retry_until_available
from bot.services.steady import Seconds, steady

log = logging.getLogger(__name__)

KEEP_EVERY: Seconds = 30.0
"""How often what alerts have seen is stored: so much of it a crash may cost."""

READ_AGAIN: Seconds = 5.0
"""Between two tries to read them while the database is away."""


@dataclass(slots=True, kw_only=True, eq=False)
class Prices:
    """Follows the pairs of an account's alerts, and those watched, while there is a socket.

    That an alert rings is stored with what is owed of it; so is, at once, that one may ring again.
    """

    account: Account
    alerts: PriceAlerts
    live: Sequence[LivePrice]
    """Those that somebody watches."""
    ingest: Ingest
    now: Now
    gaps: PriceGaps
    heard: HeardPrices
    """Is told what passes of the pairs that are followed."""
    _alerts: dict[str, PriceAlert] = field(init=False, default_factory=dict)
    _session: Session | None = field(init=False, default=None)
    _wanted: frozenset[str] = field(init=False, default=frozenset())
    """Pairs that the session follows."""
    _changed: bool = field(init=False, default=True)
    """Alerts were made or removed since they were read: only the process that follows does that."""
    _read_at: Seconds = field(init=False, default=0.0)
    """Not before are they read, where the database was away."""
    _ringing: list[PriceCrossed] = field(init=False, default_factory=list)
    """What is not stored yet; a connection that breaks meanwhile does not end it."""
    _unkept: set[str] = field(init=False, default_factory=set)
    _kept_at: Seconds = field(init=False, default=0.0)

    def change(self) -> None:
        """Alerts have been made or removed."""
        self._changed = True
        if self._session is not None:
            self._session.follow(self._wanted)  # whoever waits for a price reads them first

    def want(self) -> None:
        """Follow the pairs that are wanted now."""
        of_alerts = {one.pair for one in self._alerts.values()}
        wanted = frozenset(of_alerts | {one.pair for one in self.live})
        if self._session is not None and wanted != self._wanted:
            self._wanted = wanted
            self._session.follow(wanted)

    async def follow(self, session: Session) -> NoReturn:
        """Have each alert look at the prices of its pair, until cancelled."""
        self._session, self._wanted = session, frozenset()
        self.gaps.connected()
        try:
            self.want()
            await self._ring()
            ticks: Sequence[Tick] = ()
            while True:
                if self._changed and steady() >= self._read_at:
                    await self._read()
                for tick in ticks:
                    await self._look(tick)
                await self.gaps.mind(self._alerts.values())
                if self._unkept and steady() >= self._kept_at + KEEP_EVERY:
                    await self._keep()
                ticks = ()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._rest()):
                        ticks = await session.ticks()
        finally:
            self._session = None

    def _rest(self) -> Seconds | None:
        """How long a price may be waited for."""
        reads = [max(0.0, self._read_at - steady())] if self._changed else []
        gap = max(0.0, self.gaps.next_at(self._alerts.values()) - steady())
        rest = min((*reads, *([KEEP_EVERY] if self._unkept else []), gap))
        return None if rest == inf else rest

    async def _read(self) -> None:
        """See which alerts there are; those that are known look on while the database is away."""
        self._changed = False
        try:
            found = await self.alerts.of(self.account.id)
        except (TryLater, OutcomeUnknown) as outage:
            log.warning("price alerts were not read", extra={"reason": str(outage)})
            self._changed, self._read_at = True, steady() + READ_AGAIN
            return
        # What one has seen is newer here than what is stored of it.
        had = self._alerts
        self._alerts = {
            one.id: had[one.id] if one.id in had and had[one.id].rung == one.rung else one
            for one in found
        }
        self.want()

    async def _look(self, tick: Tick) -> None:
        pair, now, again, rings = pair_key(tick.symbol), self.now(), False, False
        self.heard.hear(tick.symbol, tick.last, now)
        for price in self.live:
            if pair_key(price.pair) == pair:
                price.look(tick.last, now)
        waiting = [one for one in self._alerts.values() if pair_key(one.pair) == pair]
        for alert in waiting:
            after, rung = looked(alert, tick.last, now)
            self._alerts[alert.id] = after
            if rung is not None:
                rings = True
                origin = Origin(
                    kind=Kind.PRICE, record=alert.id, revision=str(after.rung), at=rung.now.at
                )
                self._ringing.append(PriceCrossed(origin=origin, alert=after, rung=rung))
                self._unkept.discard(alert.id)
                if not after.repeats:
                    del self._alerts[alert.id]
            elif after != alert:
                self._unkept.add(alert.id)
            again = again or (after.armed and not alert.armed)
        if waiting:
            self.gaps.hear(waiting[0].pair, rings=rings)
        await self._ring()
        if again:
            await self._keep()

    async def _ring(self) -> None:
        """Have it owed, however long the database is away: what was owed already is no news."""
        if self._ringing:
            take = partial(self.ingest.take, self.account, tuple(self._ringing))
            await retry_until_available(take)
            self._ringing.clear()

    async def _keep(self) -> None:
        """Store what alerts have seen; what fails is tried again in a while."""
        self._kept_at = steady()
        seen = [self._alerts[one] for one in self._unkept if one in self._alerts]
        try:
            if seen:  # most accounts have no alerts: their feeds write nothing
                await self.alerts.keep(seen)
        except (TryLater, OutcomeUnknown) as outage:
            log.warning("what price alerts have seen was not stored", extra={"reason": str(outage)})
            return
        self._unkept.clear()
