"""Every account's realtime session kept alive: connect, catch up, listen, sweep, renew, tell."""

import asyncio
import logging
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn

from bot.domain.cards import spoken
from bot.domain.events import (
    Cursor,
    Event,
    Kind,
    Notice,
    Origin,
    Position,
    Strategy,
    StrategySeen,
    Stream,
    Trader,
    TraderSeen,
    Unreadable,
)
from bot.domain.ids import AccountId, Now
from bot.domain.links import Account, AccountState, Credential, FeedState
from bot.errors import ConnectionLost, NeedsLogin, NotOffered, SocketRefused, TryLater
from bot.ports import Accounts, Inbox, Meter, Platform, Progress, Session
from bot.services.ingest import Ingest

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often a feed does what (`guarantees.md` 2.4)."""

    overlap: timedelta = timedelta(seconds=120)
    """A record may become visible after a younger one."""
    sweep_every: timedelta = timedelta(minutes=10)
    sweep_overlap: timedelta = timedelta(hours=1)
    long_sweep_every: timedelta = timedelta(hours=24)
    long_sweep_overlap: timedelta = timedelta(hours=24)
    poll_every: timedelta = timedelta(seconds=45)
    """Without a socket: about ten requests a minute, a sixth of the Free plan's budget."""
    first_wait: timedelta = timedelta(seconds=1)
    longest_wait: timedelta = timedelta(seconds=60)
    socket_retry: timedelta = timedelta(minutes=2)
    longest_socket_retry: timedelta = timedelta(minutes=15)
    notice_after: timedelta = timedelta(seconds=60)
    """Trouble that is over sooner is not worth a message."""
    connects_a_second: float = 20.0
    """Over the whole process: a platform that comes back must not be trampled."""


HORIZON = timedelta(days=7)
"""Nothing older is caught up (G2)."""

RENEW_AT = 0.8
"""Part of a credential's remaining life after which a later one is asked for."""

REMINDERS = (timedelta(hours=24), timedelta(hours=2))
"""How long before an expiry that cannot be put off the person is asked to log in again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """What `/status` says of a feed. `since` is when the state began."""

    state: FeedState
    since: datetime
    reason: str = ""
    expires_at: datetime | None = None
    not_offered: tuple[str, ...] = ()
    """Services that the platform denies to this account: their events cannot be told."""


class Feeds:
    """One feed for every account that is linked somewhere."""

    def __init__(
        self,
        platform: Platform,
        accounts: Accounts,
        inbox: Inbox,
        ingest: Ingest,
        meter: Meter,
        now: Now,
        chance: random.Random,
        rhythm: Rhythm | None = None,
    ) -> None:
        self._platform = platform
        self._accounts = accounts
        self._inbox = inbox
        self._ingest = ingest
        self._meter = meter
        self._now = now
        self._chance = chance
        self._rhythm = rhythm or Rhythm()
        self._feeds: dict[AccountId, tuple[Feed, asyncio.Task[None]]] = {}
        self._gate = _Gate(self._rhythm.connects_a_second)
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> NoReturn:
        """Keep a feed for each linked account, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            while True:
                wanted = {account.id: account for account in await self._accounts.active()}
                for gone in self._feeds.keys() - wanted.keys():
                    await self.stop(gone)
                for account in wanted.values():
                    self.start(account)
                # Links made by another process are noticed here; our own call `start` at once.
                await asyncio.sleep(30)

    def start(self, account: Account) -> None:
        """Begin this account's feed; one that needed a new login tries again at once."""
        running = self._feeds.get(account.id)
        if running is not None and not running[1].done():
            return
        if self._group is None:
            return
        feed = Feed(
            account=account,
            platform=self._platform,
            accounts=self._accounts,
            inbox=self._inbox,
            ingest=self._ingest,
            meter=self._meter,
            now=self._now,
            chance=self._chance,
            rhythm=self._rhythm,
            gate=self._gate,
        )
        task = self._group.create_task(feed.run(), name=f"feed {account.id}")
        self._feeds[account.id] = (feed, task)

    def relogged(self, account: Account) -> None:
        """The account has a new credential: use it at once."""
        running = self._feeds.get(account.id)
        if running is None:
            self.start(account)
        else:
            running[0].wake()

    async def stop(self, account: AccountId) -> None:
        """End an account's feed: nobody is linked to it any more."""
        running = self._feeds.pop(account, None)
        if running is None:
            return
        _, task = running
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        self._meter.feed(account, None)

    def status(self, account: AccountId) -> FeedStatus | None:
        running = self._feeds.get(account)
        return running[0].status if running else None

    async def session(self, account: AccountId) -> Session | None:
        """A way to ask the platform on the account's behalf: the open one if there is one.

        `None` when there is no usable credential.
        """
        running = self._feeds.get(account)
        if running is not None and (session := running[0].session) is not None:
            return session
        credential = await self._accounts.credential(account)
        return self._platform.session(credential) if credential else None

    def states(self) -> Mapping[AccountId, FeedStatus]:
        return {account: feed.status for account, (feed, _) in self._feeds.items()}


class _Gate:
    """Spaces the connection attempts of all feeds."""

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate
        self._free_at = 0.0

    async def pass_through(self) -> None:
        clock = asyncio.get_running_loop().time
        wait = self._free_at - clock()
        self._free_at = max(self._free_at, clock()) + self._interval
        if wait > 0:
            await asyncio.sleep(wait)


@dataclass(slots=True, kw_only=True, eq=False)
class Feed:
    """One account's session, from link to unlink."""

    account: Account
    platform: Platform
    accounts: Accounts
    inbox: Inbox
    ingest: Ingest
    meter: Meter
    now: Now
    chance: random.Random
    rhythm: Rhythm
    gate: _Gate
    session: Session | None = None
    status: FeedStatus = field(init=False)
    _woken: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _failures: int = field(init=False, default=0)
    _socket_refusals: int = field(init=False, default=0)
    _trouble_since: datetime | None = field(init=False, default=None)
    _told: FeedState | None = field(init=False, default=None)
    _renew_at: datetime = field(init=False)
    _next_sweep: datetime = field(init=False)
    _next_long_sweep: datetime = field(init=False)
    _not_offered: set[str] = field(init=False, default_factory=set)
    _reminded: set[timedelta] = field(init=False, default_factory=set)
    _renew_failed: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.status = FeedStatus(state=FeedState.CONNECTING, since=self.now())
        self._renew_at = self.now()
        self._plan_sweeps()

    def wake(self) -> None:
        """There is a new credential."""
        self._woken.set()

    async def run(self) -> None:
        """Follow the account until cancelled. Whatever goes wrong is this account's alone."""
        try:
            while True:
                await self._live_once()
        finally:
            if self.session is not None:
                await self.session.close()

    async def _live_once(self) -> None:
        """One credential, one session, until it ends; then the wait before the next one."""
        credential = await self.accounts.credential(self.account.id)
        if credential is None:
            await self._await_login("no credential")
            return
        self._enter(FeedState.CONNECTING, credential=credential)
        self._woken.clear()
        session = self.session = self.platform.session(credential)
        try:
            await self._follow(session, credential)
        except _NewCredential:
            self._failures = 0
        except NeedsLogin as refusal:
            await self._close(session)
            await self._await_login(str(refusal))
        except SocketRefused as refusal:
            await self._poll(session, credential, str(refusal))
        except TryLater as failure:
            await self._pause(session, failure)
        except Exception:
            # The one place where an unforeseen error stops: it must not take other accounts along.
            log.exception("the feed failed", extra={"account": self.account.id})
            self.meter.alarm("feed_failed")
            await self._pause(session, TryLater("an internal error"))
        finally:
            await self._close(session)

    async def _close(self, session: Session) -> None:
        await session.close()
        if self.session is session:
            self.session = None

    # --- a session's life -------------------------------------------------------------------

    async def _follow(self, session: Session, credential: Credential) -> None:
        await self.gate.pass_through()
        await session.connect()
        self._socket_refusals = 0
        # Live events wait in the session from here on; what is read again is dropped by dedup.
        self._enter(FeedState.CATCHING_UP, credential=credential)
        await self._catch_up(session, self.rhythm.overlap)
        self._enter(FeedState.LIVE, credential=credential)
        await self._tell_recovery()
        self._plan_sweeps()
        self._plan_renewal(credential)
        while True:
            live = None
            chore_at = self._next_chore(credential)
            with suppress(TimeoutError):
                async with asyncio.timeout((chore_at - self.now()).total_seconds()):
                    live = await session.receive()
            if live is not None:
                self._failures = 0
                await self._take(live.events, live.unreadable)
            if self.now() >= chore_at:
                await self._do_chores(session, credential)
            if self._woken.is_set():
                raise _NewCredential

    async def _take(self, events: tuple[Event, ...], unreadable: tuple[Unreadable, ...]) -> None:
        if unreadable:
            await self._set_aside(unreadable)
        if events:
            await self.ingest.take(self.account, events)

    async def _set_aside(self, unreadable: tuple[Unreadable, ...]) -> None:
        for one in unreadable:
            self.meter.unreadable(one.service)
        await self.inbox.set_aside(self.account.id, unreadable, self.now())

    def _next_chore(self, credential: Credential) -> datetime:
        moments = [self._next_sweep, self._next_long_sweep]
        if credential.expires_at is not None:
            moments.append(credential.expires_at)
            if not self._renew_failed:
                moments.append(self._renew_at)
            else:
                left = [ahead for ahead in REMINDERS if ahead not in self._reminded]
                moments.extend(credential.expires_at - ahead for ahead in left)
        return min(moments)

    async def _do_chores(self, session: Session, credential: Credential) -> None:
        now = self.now()
        if credential.expires_at is not None:
            await self._mind_expiry(session, credential.expires_at)
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

    def _plan_renewal(self, credential: Credential) -> None:
        self._renew_failed = False
        if credential.expires_at is not None:
            now = self.now()
            self._renew_at = now + self._jittered((credential.expires_at - now) * RENEW_AT)

    def _jittered(self, span: timedelta) -> timedelta:
        return span * self.chance.uniform(0.9, 1.1)

    # --- reading again ----------------------------------------------------------------------

    async def _sweep(self, session: Session, overlap: timedelta) -> None:
        """Read again although all seems well: what it finds, the socket did not bring."""
        try:
            found = await self._catch_up(session, overlap)
        except ConnectionLost:
            raise
        except TryLater as failure:
            # The socket is fine: a busy platform is no reason to leave it.
            wait = max(failure.retry_after or timedelta(0), self._jittered(timedelta(minutes=1)))
            self._next_sweep = self.now() + wait
            log.warning("a sweep must wait", extra=self._facts(reason=str(failure)))
            return
        for stream, count in found.items():
            self.meter.found_by_sweep(stream, count)
            self.meter.alarm("found_by_sweep")
            log.error(
                "a sweep found what the socket did not bring",
                extra=self._facts(stream=stream, count=count),
            )

    async def _catch_up(self, session: Session, overlap: timedelta) -> Mapping[Stream, int]:
        """Bring every stream's cursor to the present; gives what was new, by stream."""
        cursors = await self.inbox.cursors(self.account.id)
        first = not cursors
        # Names of bots first: the events that follow mention them.
        await self._look_at_bots(session, first=first)
        found: dict[Stream, int] = {}
        for stream in Stream:
            try:
                cursor = cursors.get(stream)
                if cursor is None:
                    start = await self._first_position(session, stream)
                    await self.ingest.take(
                        self.account, (), Progress(stream=stream, position=start)
                    )
                else:
                    start = self._start_of(cursor, overlap)
                new = await self._read_on(session, stream, start)
                self._not_offered.discard(stream.value)
            except NotOffered:
                self._not_offered.add(stream.value)
                continue
            if new:
                found[stream] = new
        return found

    async def _first_position(self, session: Session, stream: Stream) -> Position:
        """'Now' for an account that was just linked, by the platform's clock.

        The link's time is ours and the newest record's the platform's; the earlier of the two
        loses nothing that came after the link, whichever clock is ahead.
        """
        newest = await session.newest(stream)
        linked_at = self.account.created_at
        if newest is None or newest.at > linked_at:
            return Position(at=linked_at)
        return newest

    def _start_of(self, cursor: Cursor, overlap: timedelta) -> Position:
        """Go back by the overlap, but not to before the link, nor beyond the horizon."""
        start = max(cursor.position.at - overlap, cursor.began, self.now() - HORIZON)
        return Position(at=start) if start < cursor.position.at else cursor.position

    async def _read_on(self, session: Session, stream: Stream, since: Position) -> int:
        new = 0
        while True:
            page = await session.page(stream, since)
            if page.unreadable:
                await self._set_aside(page.unreadable)
            if page.last is None:
                return new
            progress = Progress(stream=stream, position=page.last)
            admitted = await self.ingest.take(self.account, page.events, progress)
            new += admitted.new
            if not page.more or page.last == since:
                return new
            since = page.last

    async def _look_at_bots(self, session: Session, *, first: bool) -> None:
        """Compare all bots and strategies with what was last known, deletions included."""
        seen: list[Event] = []
        try:
            seen += await self._traders_seen(session)
            self._not_offered.discard("traders")
        except NotOffered:
            self._not_offered.add("traders")
        try:
            seen += await self._strategies_seen(session)
            self._not_offered.discard("strategies")
        except NotOffered:
            self._not_offered.add("strategies")
        if seen:
            await self.ingest.take(self.account, seen, first=first)

    async def _traders_seen(self, session: Session) -> list[Event]:
        now = self.now()
        there = await session.traders()
        ids = {trader.id for trader in there}
        known = await self.inbox.traders(self.account.id)
        gone = [trader for trader in known if trader.id not in ids]
        return [
            *(TraderSeen(origin=_origin(Kind.TRADER, one, now), trader=one) for one in there),
            *(
                TraderSeen(origin=_gone(Kind.TRADER, one.id, now), trader=one, removed=True)
                for one in gone
            ),
        ]

    async def _strategies_seen(self, session: Session) -> list[Event]:
        now = self.now()
        there = await session.strategies()
        ids = {strategy.id for strategy in there}
        known = await self.inbox.strategies(self.account.id)
        gone = [strategy for strategy in known if strategy.id not in ids]
        return [
            *(StrategySeen(origin=_origin(Kind.STRATEGY, one, now), strategy=one) for one in there),
            *(
                StrategySeen(origin=_gone(Kind.STRATEGY, one.id, now), strategy=one, removed=True)
                for one in gone
            ),
        ]

    # --- trouble ------------------------------------------------------------------------------

    async def _pause(self, session: Session, failure: TryLater) -> None:
        """Wait before the next attempt: full jitter, growing, never shorter than asked for."""
        await self._close(session)
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
        while self.now() < until and not self._woken.is_set():
            try:
                await self._catch_up(session, self.rhythm.overlap)
            except NeedsLogin as refusal:
                await self._await_login(str(refusal))
                return
            except TryLater as failure:
                log.warning("polling must wait", extra=self._facts(reason=str(failure)))
                await self._rest(failure.retry_after or timedelta(0))
            await self._rest(self._jittered(self.rhythm.poll_every))

    async def _rest(self, wait: timedelta) -> None:
        """Sleep so long, or until there is a new credential; tell in between if trouble lasts."""
        end = self.now() + wait
        while not self._woken.is_set() and self.now() < end:
            until = end
            if self._trouble_since is not None and self._told is not self.status.state:
                tell_at = self._trouble_since + self.rhythm.notice_after
                if self.now() >= tell_at:
                    await self._tell_trouble()
                    continue
                until = min(end, tell_at)
            with suppress(TimeoutError):
                async with asyncio.timeout((until - self.now()).total_seconds()):
                    await self._woken.wait()

    async def _await_login(self, reason: str) -> None:
        """Only the person can help: say so once, and wait without asking the platform again."""
        refused = await self.accounts.credential(self.account.id)
        self._enter(FeedState.NEEDS_LOGIN, reason=reason)
        log.warning("the platform refuses the credential", extra=self._facts(reason=reason))
        current = await self.accounts.get(self.account.id)
        if current is not None and current.state is AccountState.ACTIVE:
            await self.accounts.mark(self.account.id, AccountState.NEEDS_LOGIN)
            await self._tell(
                "needs-login",
                "I need you to log in again",
                "The platform no longer accepts the login you gave me, so I cannot see your bots.",
                "Send /link to log in again. Your alerts are kept and follow afterwards.",
                urgent=True,
            )
        self._woken.clear()
        while await self.accounts.credential(self.account.id) == refused:
            with suppress(TimeoutError):
                # Another process may have taken the new login: look now and then.
                async with asyncio.timeout(60):
                    await self._woken.wait()
                    return

    async def _mind_expiry(self, session: Session, expires_at: datetime) -> None:
        now = self.now()
        if now >= expires_at:
            raise NeedsLogin("the login has expired")
        if not self._renew_failed and now >= self._renew_at:
            renewed = await session.renew()
            if renewed is not None:
                await self.accounts.renew(self.account.id, renewed)
                raise _NewCredential
            self._renew_failed = True
        due = [ahead for ahead in REMINDERS if now >= expires_at - ahead]
        if self._renew_failed and due and min(due) not in self._reminded:
            self._reminded.update(due)
            left = spoken(expires_at - now)
            await self._tell(
                f"renew {min(due)} {expires_at.isoformat()}",
                f"Your login ends in {left}",
                "The platform does not let me renew it myself.",
                "Send /link to log in again, and no alert is delayed.",
            )

    # --- telling ------------------------------------------------------------------------------

    def _enter(
        self, state: FeedState, *, reason: str = "", credential: Credential | None = None
    ) -> None:
        now = self.now()
        if state is FeedState.LIVE:
            self._trouble_since = None
        elif self._trouble_since is None:
            self._trouble_since = now
        changed = state is not self.status.state
        self.status = FeedStatus(
            state=state,
            since=now if changed else self.status.since,
            reason=reason,
            expires_at=credential.expires_at if credential else self.status.expires_at,
            not_offered=tuple(sorted(self._not_offered)),
        )
        self.meter.feed(self.account.id, state)

    async def _tell_trouble(self) -> None:
        state = self._told = self.status.state
        since = (self._trouble_since or self.now()).isoformat()
        if state is FeedState.POLLING:
            await self._tell(
                f"polling {since}",
                "Your plan's realtime connection is taken",
                f"I look every {spoken(self.rhythm.poll_every)} instead, so alerts come a little "
                "later. Nothing is lost.",
                "Closing the platform's page in your browser usually frees the connection.",
            )
        else:
            await self._tell(
                f"down {since}",
                "No connection to the trading platform",
                "I keep trying. Your bots run on without me, but I cannot see them.",
                "What happens meanwhile is told as soon as it is back.",
            )

    async def _tell_recovery(self) -> None:
        if self._told is None:
            return
        self._told = None
        now = self.now().isoformat()
        await self._tell(
            f"back {now}",
            "Connected to the trading platform again",
            "Everything that happened meanwhile has been read.",
            bad=False,
        )

    async def _tell(
        self, record: str, title: str, *lines: str, bad: bool = True, urgent: bool = False
    ) -> None:
        now = self.now()
        if record == "needs-login":
            record = f"{record} {now.isoformat()}"
        origin = Origin(kind=Kind.FEED, record=record, at=now)
        notice = Notice(origin=origin, title=title, lines=lines, bad=bad, urgent=urgent)
        await self.ingest.take(self.account, (notice,))

    def _facts(self, **facts: object) -> dict[str, object]:
        return {"account": self.account.id, **facts}


class _NewCredential(Exception):
    """The session is to be opened again with another credential."""


def _origin(kind: Kind, seen: Trader | Strategy, now: datetime) -> Origin:
    at = seen.updated_at
    return Origin(kind=kind, record=seen.id, at=at or now, dated=at is not None)


def _gone(kind: Kind, record: str, now: datetime) -> Origin:
    return Origin(kind=kind, record=record, at=now, dated=False)
