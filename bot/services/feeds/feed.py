"""One account's feed, from link to unlink: connected, caught up, swept, renewed."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.domain.ids import Now
from bot.domain.links import Account, AccountState, Credential, FeedState
from bot.errors import ConnectionLost, NeedsLogin, SocketRefused, TryLater
from bot.ports import Accounts, Meter, Platform, Session
from bot.services.feeds.expiry import Expiry, Renewed
from bot.services.feeds.notices import Notices
from bot.services.feeds.reading import Reading
from bot.services.feeds.status import FeedStatus, Rhythm

log = logging.getLogger(__name__)

FAILING_AGAIN = timedelta(seconds=10)
"""When services that could not be read are read again; twice as late each time they fail."""

TELL_AGAIN = timedelta(seconds=30)
"""When a notice that could not be stored is tried again."""

LOOK_FOR_LOGIN = timedelta(seconds=60)


@dataclass(slots=True, kw_only=True, eq=False)
class Feed:
    """One account's session, from link to unlink."""

    account: Account
    platform: Platform
    accounts: Accounts
    reading: Reading
    notices: Notices
    expiry: Expiry
    meter: Meter
    now: Now
    chance: random.Random
    rhythm: Rhythm
    gate: Callable[[], Awaitable[None]]
    """Waits until this process may open another connection."""
    session: Session | None = None
    _status: FeedStatus = field(init=False)
    _failures: int = field(init=False, default=0)
    _failing_rounds: int = field(init=False, default=0)
    _socket_refusals: int = field(init=False, default=0)
    _trouble_since: datetime | None = field(init=False, default=None)
    _told: FeedState | None = field(init=False, default=None)
    _not_told_before: datetime = field(init=False, default=datetime.min.replace(tzinfo=UTC))
    """Until when the store is left alone after it did not take a notice."""
    _next_sweep: datetime = field(init=False)
    _next_long_sweep: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._status = FeedStatus(state=FeedState.CONNECTING, since=self.now())
        self._plan_sweeps()

    @property
    def status(self) -> FeedStatus:
        return replace(self._status, not_offered=tuple(sorted(self.reading.not_offered)))

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
            self._failures = 0
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
        # Live events wait in the session from here on; what is read again is dropped by dedup.
        self._enter(FeedState.CATCHING_UP, credential=credential)
        caught_up = await self.reading.catch_up(session, self.rhythm.overlap)
        self._enter(FeedState.LIVE, credential=credential)
        self._plan_sweeps()
        self._return_to(caught_up.failing)
        while True:
            live = None
            chore_at = self._next_chore()
            with suppress(TimeoutError):
                async with asyncio.timeout((chore_at - self.now()).total_seconds()):
                    live = await session.receive()
            if live is not None:
                await self.reading.take(live)
            if self.now() >= chore_at:
                await self._do_chores(session)

    def _next_chore(self) -> datetime:
        moments = [self._next_sweep, self._next_long_sweep]
        if self._trouble_since is not None:
            moments.append(self._steady_at())
        if (expiry := self.expiry.next_at()) is not None:
            moments.append(expiry)
        return min(moments)

    async def _do_chores(self, session: Session) -> None:
        await self.expiry.mind(session)
        if self._trouble_since is not None and self.now() >= self._steady_at():
            await self._end_trouble(self._trouble_since)
        now = self.now()
        if now >= self._next_long_sweep:
            self._plan_sweeps()
            await self._sweep(session, self.rhythm.long_sweep_overlap)
        elif now >= self._next_sweep:
            self._next_sweep = now + self._jittered(self.rhythm.sweep_every)
            await self._sweep(session, self.rhythm.sweep_overlap)

    def _plan_sweeps(self) -> None:
        now = self.now()
        self._next_sweep = now + self._jittered(self.rhythm.sweep_every)
        self._next_long_sweep = now + self._jittered(self.rhythm.long_sweep_every)

    def _jittered(self, span: timedelta) -> timedelta:
        """Never longer: others count on it (`guarantees.md` 2.9, row 5)."""
        return span * self.chance.uniform(0.8, 1.0)

    async def _sweep(self, session: Session, overlap: timedelta) -> None:
        """Read again although all seems well: what it finds, the socket did not bring."""
        late = set(self._status.failing)
        try:
            caught_up = await self.reading.catch_up(session, overlap)
        except ConnectionLost:
            raise
        except TryLater as failure:
            # The socket is fine: a busy platform is no reason to leave it.
            wait = max(failure.retry_after or timedelta(0), self._jittered(timedelta(minutes=1)))
            self._next_sweep = self.now() + wait
            log.warning("a sweep must wait", extra=self._facts(reason=str(failure)))
            return
        self._return_to(caught_up.failing)
        for stream, count in caught_up.found.items():
            if stream.value in late:
                continue  # it could not be read before, so there was something to find
            self.meter.found_by_sweep(stream, count)
            self.meter.alarm("found_by_sweep")
            log.error(
                "a sweep found what the socket did not bring",
                extra=self._facts(stream=stream, count=count),
            )

    def _return_to(self, failing: Mapping[str, str]) -> None:
        """Services that could not be read are read again soon; `/status` names them meanwhile."""
        self._status = replace(self._status, failing=tuple(sorted(failing)))
        if not failing:
            self._failing_rounds = 0
        else:
            wait = min(self.rhythm.sweep_every, FAILING_AGAIN * 2**self._failing_rounds)
            self._failing_rounds = min(self._failing_rounds + 1, 10)
            self._next_sweep = self.now() + self._jittered(wait)
            log.warning("some services cannot be read", extra=self._facts(**failing))

    # --- trouble ------------------------------------------------------------------------------

    async def _pause(self, failure: TryLater) -> None:
        """Wait before the next attempt: full jitter, growing, never shorter than asked for."""
        self._enter(FeedState.CONNECTING, reason=str(failure))
        log.warning("connection lost", extra=self._facts(reason=str(failure)))
        ceiling = min(self.rhythm.longest_wait, self.rhythm.first_wait * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        wait = ceiling * self.chance.random()
        await self._rest(max(wait, failure.retry_after or timedelta(0)))

    async def _poll(self, session: Session, credential: Credential, reason: str) -> None:
        """No socket is to be had: read by `find`, and try the socket again now and then."""
        wait = min(
            self.rhythm.longest_socket_retry,
            self.rhythm.socket_retry * 2**self._socket_refusals,
        )
        self._socket_refusals = min(self._socket_refusals + 1, 10)
        self._enter(FeedState.POLLING, reason=reason, credential=credential)
        log.warning("no socket: polling", extra=self._facts(reason=reason))
        until = self.now() + self._jittered(wait)
        while self.now() < until:
            wait = await self._look(session)
            await self._rest_minding(session, wait)

    async def _look(self, session: Session) -> timedelta:
        """Read once; gives the wait until the next time."""
        wait = self._jittered(self.rhythm.poll_every)
        try:
            await self.reading.catch_up(session, self.rhythm.overlap)
        except TryLater as failure:
            if failure.retry_after is None:
                raise
            log.warning("polling must wait", extra=self._facts(reason=str(failure)))
            wait += failure.retry_after
        return wait

    async def _rest_minding(self, session: Session, wait: timedelta) -> None:
        """Rest so long, but not past what the end of the login asks for."""
        end = self.now() + wait
        while self.now() < end:
            await self.expiry.mind(session)
            chore_at = self.expiry.next_at() or end
            await self._rest(min(chore_at, end) - self.now())

    async def _rest(self, wait: timedelta) -> None:
        """Sleep so long; tell in between if trouble lasts."""
        end = self.now() + wait
        while self.now() < end:
            until = end
            if self._trouble_since is not None and self._told is not self._status.state:
                lasting = self._trouble_since + self.rhythm.notice_after
                tell_at = max(lasting, self._not_told_before)
                if self.now() >= tell_at:
                    await self._tell_trouble(self._trouble_since)
                    continue
                until = min(end, tell_at)
            await asyncio.sleep((until - self.now()).total_seconds())

    async def _tell_trouble(self, since: datetime) -> None:
        state = self._status.state
        if await self.notices.trouble(state, since, self.rhythm.poll_every):
            self._told = state
        else:
            self._not_told_before = self.now() + TELL_AGAIN

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

    def _steady_at(self) -> datetime:
        """When the connection, now live, has lasted so long that trouble before it is over."""
        return max(self._status.since + self.rhythm.notice_after, self._not_told_before)

    async def _end_trouble(self, since: datetime) -> None:
        """A connection that breaks again before it comes to this was only part of the trouble."""
        self._failures = 0
        if self._told is not None and not await self.notices.recovery(since):
            self._not_told_before = self.now() + TELL_AGAIN
            return
        self._trouble_since = self._told = None

    # --- where it stands ----------------------------------------------------------------------

    def _enter(
        self, state: FeedState, *, reason: str = "", credential: Credential | None = None
    ) -> None:
        now = self.now()
        before = self._status.state
        changed = state is not before
        if self._trouble_since is None or (changed and FeedState.POLLING in (state, before)):
            # Being away and having no socket are two troubles, each told when it lasts.
            self._trouble_since = now
        elif changed and before is FeedState.LIVE:
            # The same trouble goes on, and only what it was away for counts.
            self._trouble_since += now - self._status.since
        self._status = FeedStatus(
            state=state,
            since=now if changed else self._status.since,
            reason=reason,
            expires_at=credential.expires_at if credential else self._status.expires_at,
            failing=self._status.failing if state is FeedState.LIVE else (),
        )
        self.meter.feed(self.account.id, state)

    def _facts(self, **facts: object) -> dict[str, object]:
        return {"account": self.account.id, **facts}
