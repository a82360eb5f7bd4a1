"""The end of a login: put off in time, or else announced to the person.

Once it has come, `Feed._await_login` says so (`notices.login_refused`) and waits for a new one;
what commands answer meanwhile is `bot.texts.failures.needs_login`.
"""

import logging
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.accounts import Account
from bot.domain.backoff import Backoff
from bot.domain.ids import Now
from bot.errors import ConnectionLost, NeedsLogin, Refused, TryLater
from bot.ports import Accounts, Session
from bot.services.feeds.notices import Notices
from bot.services.steady import Seconds, steady

log = logging.getLogger(__name__)

RENEW_AT = 0.8
"""Part of a login's remaining life after which a later one is asked for."""

RENEW_AGAIN = Backoff(first=timedelta(minutes=1), ceiling=timedelta(minutes=15), jitter=(0.9, 1.1))
"""When a renewal that must wait is tried again."""

REMINDERS = (timedelta(hours=24), timedelta(hours=2))
"""How long before an end that could not be put off so far the person is asked to log in again."""

REMIND_AGAIN = timedelta(minutes=1)
"""When a reminder that could not be stored is tried again."""

BEFORE_REMINDER = timedelta(minutes=30)
"""How long before a reminder a renewal is tried at the latest: it may have to be tried again."""

NOT_SOONER = timedelta(hours=1)
"""How long a login that came of a renewal is left alone: the next one may end as soon."""


class Renewed(Exception):
    """The session is to be opened again with another credential."""


@dataclass(slots=True, kw_only=True, eq=False)
class Expiry:
    """Minds the end of one account's login, whichever way its feed lives.

    It outlives the sessions, so that connecting again puts nothing off.
    """

    account: Account
    accounts: Accounts
    notices: Notices
    now: Now
    chance: random.Random
    _ends: datetime | None = field(init=False, default=None)
    """The end that is provided for; `None` if the login has none."""
    _ends_at: Seconds = field(init=False, default=0.0)
    """The same, as waits count; of no meaning if there is none."""
    _renew_at: Seconds | None = field(init=False, default=None)
    """When a later login is asked for; `None` once there is none to be had."""
    _failures: int = field(init=False, default=0)
    """Renewals of this login that came to nothing."""
    _reminded: set[timedelta] = field(init=False, default_factory=set)
    _remind_from: Seconds = field(init=False, default=0.0)
    """Not sooner: the last reminder could not be stored."""

    def provide_for(self, ends: datetime | None) -> None:
        """Plan for a login that ends then."""
        if ends == self._ends:
            return
        not_sooner = timedelta(0) if self._ends is None else NOT_SOONER
        self._ends, self._renew_at, self._failures = ends, None, 0
        self._reminded.clear()
        if ends is not None:
            left = ends - self.now()
            wait = first_try(left, RENEW_AT * self.chance.uniform(0.9, 1.1), not_sooner)
            self._ends_at = steady() + left.total_seconds()
            self._renew_at = steady() + wait.total_seconds()

    def next_at(self) -> Seconds | None:
        """When `mind` has something to do; `None` for a login without an end."""
        if self._ends is None:
            return None
        moments = [self._ends_at]
        if self._renew_at is not None:
            moments.append(self._renew_at)
        if self._failures:
            left = [ahead for ahead in REMINDERS if ahead not in self._reminded]
            moments.extend(max(self._reminder_at(ahead), self._remind_from) for ahead in left)
        return min(moments)

    async def mind(self, session: Session) -> None:
        """Do what is due.

        Raises:
            Renewed: there is a later login, and it is stored.
            NeedsLogin: the login has ended.
            ConnectionLost: the connection broke while it was renewed.
        """
        if self._ends is None:
            return
        if steady() >= self._ends_at:
            raise NeedsLogin("the login has expired")
        if self._renew_at is not None and steady() >= self._renew_at:
            await self._renew(session)
        if self._failures:
            await self._remind(self._ends)

    async def _renew(self, session: Session) -> None:
        try:
            renewed = await session.renew()
        except Refused as refusal:
            # The login itself is still good: only the person can give a later one.
            log.warning("no renewal", extra=self._facts(refusal))
            renewed = None
        except TryLater as failure:
            self._put_off(failure)
            if isinstance(failure, ConnectionLost):
                raise
            log.warning("a renewal must wait", extra=self._facts(failure))
            return
        if renewed is not None:
            await self.accounts.renew(self.account.id, renewed)
            raise Renewed
        self._renew_at = None
        self._failures += 1

    def _put_off(self, failure: TryLater) -> None:
        self._failures += 1
        wait = RENEW_AGAIN.wait(self._failures, self.chance, failure.retry_after)
        self._renew_at = steady() + wait.total_seconds()

    def _facts(self, reason: Exception) -> dict[str, object]:
        return {"account": self.account.id, "reason": str(reason)}

    async def _remind(self, ends: datetime) -> None:
        due = [ahead for ahead in REMINDERS if steady() >= self._reminder_at(ahead)]
        if not due or min(due) in self._reminded or steady() < self._remind_from:
            return
        if await self.notices.login_ends(ends, min(due), trying=self._renew_at is not None):
            self._reminded.update(due)
        else:
            self._remind_from = steady() + REMIND_AGAIN.total_seconds()

    def _reminder_at(self, ahead: timedelta) -> Seconds:
        return self._ends_at - ahead.total_seconds()


def first_try(left: timedelta, part: float, not_sooner: timedelta) -> timedelta:
    """How long not to ask for a later login: until late in its life, but before the next reminder.

    So one that is refused is told at the reminder's own time (`guarantees.md` 2.4).

    Args:
        left: until it ends.
        part: of the remaining life, after which it is asked for if no reminder comes before.
        not_sooner: what no reminder may hurry it below.
    """
    wait = left * part
    reminders = [left - ahead for ahead in REMINDERS if left > ahead]
    if reminders:
        wait = min(wait, max(min(reminders) - BEFORE_REMINDER, not_sooner))
    return wait
