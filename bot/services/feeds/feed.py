"""One account's feed, from link to unlink: connected, caught up, swept, renewed."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import NoReturn

from bot.domain.accounts import Account, AccountState, Credential
from bot.domain.feeds import FeedState, FeedStatus
from bot.domain.ids import Now
from bot.domain.outages import Outage
from bot.errors import NeedsLogin, SocketRefused, TryLater
from bot.ports import Accounts, Meter, Platform, Session
from bot.services.feeds.discovery import Discovery
from bot.services.feeds.login_end import Expiry, Renewed
from bot.services.feeds.notices import Notices
from bot.services.feeds.older_trades import OlderTrades
from bot.services.feeds.prices import Prices
from bot.services.feeds.reading import Reading
from bot.services.feeds.rhythm import FeedRhythm, jittered
from bot.services.feeds.silences import Silences
from bot.services.feeds.sweeps import Sweeps
from bot.services.feeds.trouble import FeedTrouble
from bot.services.steady import Seconds, side_by_side, sleep_until, steady

log = logging.getLogger(__name__)

LOOK_FOR_LOGIN = timedelta(seconds=60)

_ANSWERED = frozenset({FeedState.CATCHING_UP, FeedState.LIVE, FeedState.POLLING})


@dataclass(slots=True, kw_only=True, eq=False)
class Feed:
    """One account's session, from link to unlink."""

    account: Account
    platform: Platform
    accounts: Accounts
    reading: Reading
    silences: Silences
    discovery: Discovery
    older_trades: OlderTrades
    prices: Prices
    notices: Notices
    expiry: Expiry
    meter: Meter
    now: Now
    chance: random.Random
    rhythm: FeedRhythm
    gate: Callable[[], Awaitable[None]]
    """Waits until this process may open another connection."""
    outage: Outage | None = None
    """Of Tradebell itself; to be told once what happened meanwhile has been read."""
    session: Session | None = None
    _status: FeedStatus = field(init=False)
    _trouble: FeedTrouble = field(init=False)
    _sweeps: Sweeps = field(init=False)
    _socket_refusals: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._trouble = FeedTrouble(
            notices=self.notices,
            rhythm=self.rhythm,
            now=self.now,
            open_trades=self.reading.open_trades,
        )
        self._status = FeedStatus(state=FeedState.CONNECTING, since=self.now(), answered=False)
        self._sweeps = Sweeps(
            account=self.account,
            reading=self.reading,
            silences=self.silences,
            discovery=self.discovery,
            older_trades=self.older_trades,
            meter=self.meter,
            now=self.now,
            chance=self.chance,
            rhythm=self.rhythm,
        )

    @property
    def status(self) -> FeedStatus:
        return replace(
            self._status,
            since=self.now() - timedelta(seconds=steady() - self._trouble.entered_at),
            not_offered=tuple(sorted(self.reading.not_offered)),
            failing=self._sweeps.failing if self._status.state is FeedState.LIVE else (),
        )

    async def run(self) -> None:
        """Follow the account until cancelled. Whatever goes wrong is this account's alone."""
        while True:
            try:
                await self._live_once()
            except TryLater as failure:
                await self._pause(failure)
            except Exception:
                # The one place where the unforeseen stops: it must not take other accounts along.
                log.exception("the feed failed", extra=self._facts())
                self.meter.alarm("feed_failed")
                await self._pause(TryLater("an internal error"))

    async def _live_once(self) -> None:
        """One credential, one session, until it ends; then the wait before the next one."""
        credential = await self.accounts.credential(self.account.id)
        if credential is None:
            await self._await_login("no credential", None)
            return
        self._enter(FeedState.CONNECTING, credential=credential)
        self.expiry.provide_for(credential.expires_at)
        session = self.session = self.platform.session(credential, self.account.plan)
        try:
            await self._live(session, credential)
        except Renewed:
            self._trouble.failures = 0
        except NeedsLogin as refusal:
            await self._close()
            await self._await_login(str(refusal), credential)
        finally:
            await self._close()

    async def _close(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            await session.close()

    # --- a session's life -------------------------------------------------------------------

    async def _live(self, session: Session, credential: Credential) -> None:
        """With a socket if there is one to be had."""
        try:
            await self._follow(session, credential)
        except SocketRefused as refusal:
            await self._poll(session, credential, str(refusal))

    async def _follow(self, session: Session, credential: Credential) -> None:
        await self.gate()
        await session.connect()
        self._socket_refusals = 0
        # Live events of each service wait from here on until it is read; dedup drops the repeats.
        self._enter(FeedState.CATCHING_UP, credential=credential)
        self.reading.hold()
        works = (self._listen, self._mind, self.prices.follow)
        await side_by_side([partial(work, session) for work in works], len(works))

    async def _listen(self, session: Session) -> NoReturn:
        while True:
            await self.reading.take(session, await session.receive())

    async def _mind(self, session: Session) -> NoReturn:
        """Catch up, then do what is to be done now and then."""
        caught_up = await self.reading.catch_up(session, self.rhythm.overlap)
        self._enter(FeedState.LIVE)
        await self._tell_outage()
        await self._sweeps.begin(caught_up.failing)
        while True:
            await sleep_until(self._next_chore())
            await self._do_chores(session)

    def _next_chore(self) -> Seconds:
        moments = self._sweeps.next_at(), self._trouble.over_at(), self.expiry.next_at()
        return min(moment for moment in moments if moment is not None)

    async def _do_chores(self, session: Session) -> None:
        await self.expiry.mind(session)
        over_at = self._trouble.over_at()
        if over_at is not None and steady() >= over_at:
            await self._trouble.end()
        await self._sweeps.mind(session)

    async def _tell_outage(self) -> None:
        if self.outage and await self.notices.was_down(self.outage, self.reading.news):
            self.outage = None

    # --- without a socket, or nothing at all --------------------------------------------------

    async def _pause(self, failure: TryLater) -> None:
        """Wait before the next attempt."""
        self._enter(FeedState.CONNECTING, reason=str(failure))
        log.warning("connection lost", extra=self._facts(reason=str(failure)))
        self._trouble.failures += 1
        failures = self._trouble.failures
        wait = self.rhythm.reconnect.wait(failures, self.chance, failure.retry_after)
        await self._trouble.rest(steady() + wait.total_seconds())

    async def _poll(self, session: Session, credential: Credential, reason: str) -> None:
        """No socket is to be had: read by `find`, and try the socket again now and then."""
        self._socket_refusals += 1
        wait = self.rhythm.socket_retry.step(self._socket_refusals)
        self._enter(FeedState.POLLING, reason=reason, credential=credential)
        log.warning("no socket: polling", extra=self._facts(reason=reason))
        until = steady() + jittered(wait, self.chance).total_seconds()
        while steady() < until:
            wait = await self._look(session)
            await self._rest_minding(session, wait)

    async def _look(self, session: Session) -> timedelta:
        """Read once; gives the wait until the next time."""
        wait = jittered(self.rhythm.poll_every, self.chance)
        try:
            await self.reading.catch_up(session, self.rhythm.overlap)
            await self._tell_outage()
            if steady() >= self.discovery.next_at:
                await self.discovery.ask_one(session)
        except TryLater as failure:
            if failure.retry_after is None:
                raise
            log.warning("polling must wait", extra=self._facts(reason=str(failure)))
            wait += failure.retry_after
        return wait

    async def _rest_minding(self, session: Session, wait: timedelta) -> None:
        """Rest so long, but not past what the end of the login asks for."""
        end = steady() + wait.total_seconds()
        while steady() < end:
            await self.expiry.mind(session)
            chore_at = self.expiry.next_at()
            await self._trouble.rest(end if chore_at is None else min(chore_at, end))

    async def _await_login(self, reason: str, refused: Credential | None) -> None:
        """Only the person can help: say so once, and wait without asking the platform again."""
        if await self.accounts.credential(self.account.id) != refused:
            return  # there is a newer one already
        self._enter(FeedState.NEEDS_LOGIN, reason=reason)
        log.warning("the platform refuses the credential", extra=self._facts(reason=reason))
        asked = False
        while await self.accounts.credential(self.account.id) == refused:
            asked = asked or await self._ask_for_login(refused)
            # A login made here begins a new feed; one that another process took shows in time.
            await asyncio.sleep(LOOK_FOR_LOGIN.total_seconds())

    async def _ask_for_login(self, refused: Credential | None) -> bool:
        """Give whether the person has been asked, now or before."""
        current = await self.accounts.get(self.account.id)
        if current is None or current.state is not AccountState.ACTIVE:
            return True
        # Owed before it is marked: who is marked is not asked any more.
        worked = await self.reading.last_answer()
        if not await self.notices.login_refused(refused, worked):
            return False
        await self.accounts.mark(self.account.id, AccountState.NEEDS_LOGIN)
        return True

    # --- where it stands ----------------------------------------------------------------------

    def _enter(
        self, state: FeedState, *, reason: str = "", credential: Credential | None = None
    ) -> None:
        self._trouble.enter(state)
        self._status = FeedStatus(
            state=state,
            since=self._status.since,
            reason=reason,
            expires_at=credential.expires_at if credential else self._status.expires_at,
            answered=self._status.answered or state in _ANSWERED,
        )
        self.meter.feed(self.account.id, state)

    def _facts(self, **facts: object) -> dict[str, object]:
        return {"account": self.account.id, **facts}
