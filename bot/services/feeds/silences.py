"""Bots that say that they run and have done nothing for far longer than they usually do."""

from dataclasses import dataclass, field
from datetime import timedelta
from math import inf

from bot.domain.accounts import Account
from bot.domain.changes import condition
from bot.domain.events import WHOLE, BotQuiet, Kind, Origin, Sweep
from bot.domain.ids import Now
from bot.policy.silences import HISTORY, LEAST_SILENCE, LONGEST_SILENCE, silence
from bot.ports import Inbox, Ledger
from bot.services.ingest import Ingest
from bot.services.steady import Seconds, steady

LOOK_EVERY: Seconds = 1800.0


@dataclass(slots=True, kw_only=True, eq=False)
class Silences:
    """Looks at one account's bots, now and then, when all their trades have just been read."""

    account: Account
    inbox: Inbox
    ledger: Ledger
    ingest: Ingest
    now: Now
    _looked_at: Seconds = field(init=False, default=-inf)

    async def look(self) -> None:
        """Tell of each silence, once: it has the last trade before it for its revision.

        Raises:
            TryLater: the store cannot do it now.
        """
        if steady() < self._looked_at + LOOK_EVERY:
            return
        self._looked_at = steady()
        quiet = await self._quiet()
        if quiet:
            await self.ingest.take(self.account, quiet)

    async def _quiet(self) -> list[BotQuiet]:
        now, account = self.now(), self.account.id
        running = [one for one in await self.inbox.traders(account) if condition(one).running]
        lately = await self.ledger.activity(account, now - LEAST_SILENCE)
        if all(one.id in lately for one in running) or not await self._is_whole():
            return []
        since = now - LONGEST_SILENCE - HISTORY - timedelta(days=1)
        activity = await self.ledger.activity(account, since)
        found = []
        for bot in running:
            silent = silence(activity.get(bot.id, ()), now)
            if silent is not None:
                revision = silent.last.isoformat()
                origin = Origin(kind=Kind.IDLE, record=bot.id, revision=revision, at=now)
                found.append(BotQuiet(origin=origin, trader=bot, silence=silent))
        return found

    async def _is_whole(self) -> bool:
        reached = (await self.inbox.cursors(self.account.id)).get(Sweep.LEDGER)
        return reached is not None and reached.position.record == WHOLE
