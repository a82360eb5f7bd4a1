"""One account's way to the platform: a socket when there is one, REST otherwise."""

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from operator import itemgetter
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import urlencode

import aiohttp

from adapters.cryptorobot import calls, decode, frames, logins
from adapters.cryptorobot.calls import PROOFS, Call, FoundPage, RestRequest
from adapters.cryptorobot.clock import PlatformClock
from adapters.cryptorobot.faults import TooLarge
from adapters.cryptorobot.fields import Fields
from adapters.cryptorobot.limits import Budget
from adapters.cryptorobot.paging import PageReading, Portion
from adapters.cryptorobot.pods import CHANGE, READ, CryptorobotPods, has_pod, running
from adapters.cryptorobot.rest import Rest
from adapters.cryptorobot.settings import PlatformSettings, PodCommand, filled
from adapters.cryptorobot.socket import ReceivedFrame, Socket
from bot.domain.accounts import Credential, CredentialKind
from bot.domain.events import (
    Event,
    Page,
    Position,
    Signal,
    Strategy,
    Stream,
    Tick,
    Trade,
    Trader,
    Unreadable,
)
from bot.domain.ids import StrategyId, TraderId
from bot.domain.pairs import pair_key, pairs_meant
from bot.errors import (
    ConnectionLost,
    NeedsLogin,
    NoSuchRecord,
    NotOffered,
    OutcomeUnknown,
    Refused,
    SocketRefused,
    TryLater,
)
from bot.ports import Live
from bot.ports.platform import SOME
from bot.texts.errors import ENDLESS_LIST, SOCKET_DOES_NOT_OPEN, Sentence

EVENTS_AT_ONCE = 200
"""Events that one `receive` gives: decoding them takes some 10 ms, which everybody waits for."""

BUDGET_MAX_WAIT = timedelta(seconds=10)
"""How long a call waits for its turn in the account's budget; a longer wait is the caller's."""

LISTED_FOR = timedelta(seconds=5)
"""How long the list that proved a login is as good as one that is read afresh."""

_MOST_PAGES = 50

MOST_PAIRS = 2000
"""Pairs of which we know that their prices come."""

PAIR_WITHIN = 500
"""Characters of a price's frame in which its pair is looked for."""

TICKS_APART = timedelta(milliseconds=250)
"""Between two prices of a pair that is followed: a person is told, not a trading engine."""

_PAIR = re.compile(r'"(?:symbol|pair)"\s*:\s*"([^"]{1,40})"', re.IGNORECASE)
"""Cheaper than decoding each: prices come by the hundred."""


_NONE: Mapping[str, object] = MappingProxyType({})


class CryptorobotSession:
    """`ports.Session` on the platform.

    Calls take the socket while it is open, save one: stored records, which may be of any size, are
    found over REST, where an answer that is too large costs nothing but itself.

    No call is repeated by itself, save two. A read that an open socket refuses for want of a login
    goes over REST, which tells whether the credential is refused or the platform only forgot the
    socket's login (`platform.md` 3.6). A read during which the socket brought more than it takes
    goes over REST too: it would break the next socket in the same way.
    """

    def __init__(
        self,
        *,
        http: aiohttp.ClientSession,
        rest: Rest,
        settings: PlatformSettings,
        clock: PlatformClock,
        credential: Credential,
        budget: Budget,
        keep: Callable[[str], bool],
    ) -> None:
        """Prepare a session.

        Args:
            budget: of the account, shared by all its sessions.
            keep: whether an event is worth keeping.
        """
        self._http = http
        self._rest = rest
        self._settings = settings
        self._clock = clock
        self._credential = credential
        self._budget = budget
        self._keep = keep
        self._socket: Socket | None = None
        self._select = True
        self._proofs: tuple[Call, ...] = PROOFS
        self._listing = True
        """Whether the list of bots, which is read anyway, is what proves a login."""
        self._listed: FoundPage | None = None
        """The beginning of that list, read after the latest login and not asked for since."""
        self._listed_at = 0.0
        self._watchers: list[tuple[Callable[[str], bool], asyncio.Future[Tick]]] = []
        self._pairs: dict[str, str] = {}
        """Those heard: as a frame names them, and as we do."""
        self._wanted: frozenset[str] = frozenset()
        """The keys of pairs that are followed."""
        self._followed: set[str] = set()
        """As frames name them, as far as they were heard."""
        self._newest: dict[str, str] = {}
        """Frames with the newest price of each, to be decoded when somebody takes them."""
        self._priced = asyncio.Event()

    # --- the socket -----------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self._socket is not None and self._socket.ended is None

    async def connect(self) -> None:
        await self.close()
        listing, self._listed = self._listing, None
        try:
            self._socket = await self._open_socket()
        except ConnectionLost:
            if self._listing is listing:
                raise
            self._socket = await self._open_socket()

    async def _open_socket(self) -> Socket:
        headers = logins.authorization(self._credential)
        async with AsyncExitStack() as undo:
            socket = Socket(self._http, self._settings, self._clock, self._keep, self._on_price)
            undo.push_async_callback(socket.close)
            try:
                await socket.open(headers)
            except TryLater as failure:
                # Neither the words of a refusal tell whether it is about the credential, nor
                # silence whether the platform is away or a proxy lets no socket through.
                await self._prove_over_rest()
                if isinstance(failure, SocketRefused):
                    raise
                reason = SOCKET_DOES_NOT_OPEN.format(failure=failure)
                raise SocketRefused(reason) from failure
            await self._log_in(socket)
            undo.pop_all()
        return socket

    async def receive(self) -> Live:
        socket = self._socket
        if socket is None:
            raise ConnectionLost(Sentence.NOT_CONNECTED)
        while taken := await socket.take(EVENTS_AT_ONCE):
            live = _decoded(taken)
            if live.events or live.unreadable:
                return live
        if self._socket is socket:
            await self.close()
        raise ConnectionLost(socket.ended or Sentence.ENDED)

    async def close(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    async def renew(self) -> Credential | None:
        current = self._credential
        if current.kind is CredentialKind.API_KEY:
            return None
        token = logins.token_in(await self._ask(logins.presenting(current)))
        renewed = None if token is None else logins.with_token(token)
        # The platform may hand back the same token and call it a success (`platform.md` 2.3).
        if renewed is None or not _later(renewed.expires_at, current.expires_at):
            return None
        self._credential = renewed
        return renewed

    # --- reading --------------------------------------------------------------------------

    async def page(self, stream: Stream, since: Position, limit: int = calls.PAGE) -> Page:
        """See `ports.Session`. Records of one instant stay together, beyond `limit` if need be."""
        reading = PageReading(stream=stream, since=since, limit=limit, received=self._clock())
        more = True
        while more:
            found = await self._find(reading.call, reading.portion)
            reading.received = self._clock()  # the answer has told it
            more = reading.add(found)
        return reading.page()

    async def latest(self, stream: Stream, limit: int = SOME) -> Page:
        youngest, more = await self._youngest(stream, limit)
        positions = {Position(at=one.origin.at, record=one.origin.record): one for one in youngest}
        dated = max((at for at, one in positions.items() if one.origin.dated), default=None)
        events = tuple(one for _, one in sorted(positions.items(), key=itemgetter(0)))
        return Page(events=events, last=dated, more=more, as_of=self._clock())

    async def traders(self) -> tuple[Trader, ...]:
        records = await self._whole(decode.TRADERS, calls.TRADER_FIELDS)
        read = [one for one in map(decode.trader, records) if isinstance(one, Trader)]
        different = {trader.id: trader for trader in read}
        return tuple([await self._counted(trader) for trader in different.values()])

    async def trader(self, trader: TraderId) -> Trader:
        call = Call(method="get", service=decode.TRADERS, id=trader)
        read = decode.trader(await self._read(call, calls.TRADER_FIELDS))
        if isinstance(read, Unreadable):
            raise TryLater(Sentence.NOT_READABLE)
        return read

    async def strategies(self, type: str | None = None) -> tuple[Strategy, ...]:
        only = {} if type is None else {"type": type}
        records = await self._whole(decode.STRATEGIES, calls.STRATEGY_FIELDS, only)
        read = [one for one in map(decode.strategy, records) if isinstance(one, Strategy)]
        return tuple({strategy.id: strategy for strategy in read}.values())

    async def trades(self, limit: int) -> tuple[Trade, ...]:
        youngest, _ = await self._youngest(Stream.TRADES, limit)
        return tuple(one for one in youngest if isinstance(one, Trade))

    async def signals(self, limit: int) -> tuple[Signal, ...]:
        youngest, _ = await self._youngest(Stream.SIGNALS, limit)
        return tuple(one for one in youngest if isinstance(one, Signal))

    @property
    def pairs(self) -> Collection[str]:
        return tuple(filter(None, self._pairs.values()))

    async def price(self, wanted: str, within: timedelta) -> Tick | None:
        if self._socket is None:
            return None
        coming: asyncio.Future[Tick] = asyncio.get_running_loop().create_future()
        heard = pairs_meant(wanted, self.pairs)
        # Of those heard it is that one: of a coin both the pair and its perpetual may come.
        meant = heard[0] if len(heard) == 1 else ""
        watcher = (
            lambda pair: pair == meant if meant else bool(pairs_meant(wanted, (pair,))),
            coming,
        )
        self._watchers.append(watcher)
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await coming
        except TimeoutError:
            return None
        finally:
            self._watchers.remove(watcher)

    def follow(self, pairs: Collection[str]) -> None:
        self._wanted = frozenset(map(pair_key, pairs))
        # What could not be read may be one of them.
        self._pairs = {name: pair for name, pair in self._pairs.items() if pair}
        self._followed = {
            name for name, pair in self._pairs.items() if pair_key(pair) in self._wanted
        }
        self._newest = {
            name: raw
            for name, raw in self._newest.items()
            if pair_key(self._pairs.get(name, name)) in self._wanted
        }
        self._priced.set()

    async def ticks(self) -> Sequence[Tick]:
        await self._priced.wait()
        if self._newest:
            await asyncio.sleep(TICKS_APART.total_seconds())
        self._priced.clear()
        newest, self._newest = self._newest, {}
        return [tick for raw in newest.values() if (tick := self._tick(raw)) is not None]

    # --- writing --------------------------------------------------------------------------

    async def set_running(self, trader: TraderId, running: bool) -> Trader:
        change = Call(method="patch", service=decode.TRADERS, id=trader, data={"running": running})
        return _written(decode.trader(await self._ask(change)))

    async def rename_bot(self, trader: TraderId, name: str) -> Trader:
        change = Call(method="patch", service=decode.TRADERS, id=trader, data={"name": name})
        return _written(decode.trader(await self._ask(change)))

    async def rename_strategy(self, strategy: StrategyId, name: str) -> Strategy:
        data = {"name": name}
        change = Call(method="patch", service=decode.STRATEGIES, id=strategy, data=data)
        return _written(decode.strategy(await self._ask(change)))

    async def create_strategy(self, name: str, type: str, pair: str) -> Strategy:
        data = {"name": name, "type": type, "pair": pair}
        call = Call(method="create", service=decode.STRATEGIES, data=data)
        return _written(decode.strategy(await self._ask(call)))

    async def remove_strategy(self, strategy: StrategyId) -> None:
        await self._ask(Call(method="remove", service=decode.STRATEGIES, id=strategy))

    @property
    def pods(self) -> CryptorobotPods:
        return CryptorobotPods(self._tell_pod)

    async def stop_entries(self, bot: Trader) -> None:
        await self._tell_pod(running(bot), CHANGE, "stopbuy")

    async def opens_trades(self, bot: Trader) -> bool | None:
        return _opens_trades(await self._tell_pod(bot, READ, "show_config"))

    # --- calls ----------------------------------------------------------------------------

    async def _ask(self, call: Call) -> object:
        """Make a call, by the socket if it is open, within the account's budget."""
        await self._wait_for_rate()
        socket = self._socket
        try:
            if socket is None or socket.ended is not None:
                return await self._rest.call(call, self._credential)
            try:
                return await socket.call(call)
            except NeedsLogin:
                return await self._ask_without(socket, call)
            except ConnectionLost:
                if call.writes or not socket.overflowed:
                    raise
                await self._wait_for_rate()
                return await self._rest.call(call, self._credential)
        except TryLater as busy:
            self._back_off(busy)
            raise

    async def _ask_without(self, socket: Socket, call: Call) -> object:
        """Go on after a refusal for want of a login: the credential's, or only the socket's."""
        if call.writes:
            await self._prove_over_rest()
            socket.give_up(Sentence.LOGIN_FORGOTTEN)
            raise TryLater(Sentence.LOGIN_FORGOTTEN)
        await self._wait_for_rate()
        answer = await self._rest.call(call, self._credential)
        socket.give_up(Sentence.LOGIN_FORGOTTEN)
        return answer

    async def _prove_over_rest(self) -> None:
        """Raise what is wrong with the credential, if the platform calls it wrong.

        Nothing follows from the refusal of the one service that is asked.
        """
        await self._wait_for_rate()
        try:
            await self._rest.call(self._proofs[0], self._credential)
        except NeedsLogin:
            raise
        except Refused:
            return

    async def _log_in(self, socket: Socket) -> None:
        """See to it that the socket is logged in: its header may have meant nothing to it."""
        if await self._is_logged_in(socket):
            return
        await self._wait_for_rate()
        try:
            await socket.call(logins.presenting(self._credential))
            if await self._is_logged_in(socket):
                return
        except ConnectionLost:
            raise
        except TryLater as busy:
            raise SocketRefused(str(busy), busy.retry_after) from busy
        except Refused:
            pass
        await self._prove_over_rest()
        raise SocketRefused(Sentence.SOCKET_TAKES_NO_LOGIN)

    async def _is_logged_in(self, socket: Socket) -> bool:
        """Whether the socket has a login, proved by the first service that accepts it.

        Raises:
            SocketRefused: every service is closed, which tells nothing either way.
        """
        proofs = self._proofs
        if self._listing and self._select and proofs[0].service == decode.TRADERS:
            try:
                return await self._has_listed(socket)
            except ConnectionLost:
                # Larger than is taken at once: that must not break the next connection too.
                self._listing = not socket.overflowed
                raise
            except NeedsLogin:
                return False
            except Refused:
                proofs = proofs[1:]
        for proof in proofs:
            await self._wait_for_rate()
            try:
                await socket.call(proof)
            except NeedsLogin:
                return False
            except Refused:
                continue
            # The next time this one is asked first: it is not closed to the account.
            self._proofs = (proof, *(other for other in PROOFS if other is not proof))
            return True
        raise SocketRefused(Sentence.SOCKET_ACCEPTS_NOTHING)

    async def _has_listed(self, socket: Socket) -> bool:
        """Prove the login by reading the list of bots, which who connects wants to see anyway."""
        await self._wait_for_rate()
        whole = calls.whole(decode.TRADERS, 0)
        query = {**whole.query, "$select": [*calls.TRADER_FIELDS]}
        self._listed = calls.found(await socket.call(replace(whole, query=query)))
        self._listed_at = asyncio.get_running_loop().time()
        return True

    async def _wait_for_rate(self) -> None:
        clock = asyncio.get_running_loop().time
        wait = self._budget.wait(clock())
        if wait > BUDGET_MAX_WAIT.total_seconds():
            raise TryLater(Sentence.TOO_MANY_REQUESTS, timedelta(seconds=wait))
        self._budget.take(clock())
        if wait > 0:
            await asyncio.sleep(wait)

    def _back_off(self, busy: TryLater) -> None:
        if busy.retry_after is not None:
            until = asyncio.get_running_loop().time() + busy.retry_after.total_seconds()
            self._budget.close(until)

    async def _read(self, call: Call, fields: Iterable[str]) -> object:
        """Read only these fields, so that secrets stay where they are, if the platform lets us."""
        if self._select:
            query = {**call.query, "$select": [*fields]}
            try:
                return await self._ask(replace(call, query=query))
            except (NeedsLogin, NotOffered):
                raise
            except Refused:
                # A strict server knows its fields by other names: the rest of this tells.
                answer = await self._ask(call)
                self._select = False
                return answer
        return await self._ask(call)

    async def _find(self, call: Callable[[], Call], portion: Portion) -> FoundPage:
        """Find stored records, as many as can be taken at once.

        Args:
            call: gives the call for the portion as it is then.
        """
        while True:
            await self._wait_for_rate()
            try:
                found = _listed(await self._rest.call(call(), self._credential))
            except TooLarge:
                passed_over = portion.too_large()
                if passed_over is not None:
                    return passed_over
            except TryLater as busy:
                self._back_off(busy)
                raise
            else:
                portion.fitted()
                return found

    async def _youngest(self, stream: Stream, limit: int) -> tuple[list[Event], bool]:
        """Youngest first, and whether there may be older ones."""
        portion = Portion(limit)
        records: list[object] = []

        def call() -> Call:
            return calls.youngest(stream.value, portion.size, len(records))

        ended = more = False
        while not ended and len(records) < limit:
            found = await self._find(call, portion)
            more = not found.ends(len(records))
            ended = not more or not portion.lowered
            records.extend(found.records)
        read = [decode.stored(stream, record, self._clock()) for record in records[:limit]]
        return [one for one in read if not isinstance(one, Unreadable)], more

    async def _whole(
        self, service: str, fields: Iterable[str], only: Mapping[str, str] = calls.ALL
    ) -> list[object]:
        """All records of a service; a list that is cut short would look like deletions."""
        records: list[object] = []
        previous: tuple[object, ...] = ()
        for _ in range(_MOST_PAGES):
            skip = len(records)
            found = self._take_listed(service) if skip == 0 else None
            if found is None:
                found = _listed(await self._read(calls.whole(service, skip, only), fields))
            if found.records == previous:
                return records
            records.extend(found.records)
            previous = found.records
            if found.ends(skip):
                return records
        raise TryLater(ENDLESS_LIST.format(service=service))

    def _take_listed(self, service: str) -> FoundPage | None:
        """What the proof of the login has read of this list already; once."""
        if service != decode.TRADERS:
            return None
        listed, self._listed = self._listed, None
        age = asyncio.get_running_loop().time() - self._listed_at
        return listed if age < LISTED_FOR.total_seconds() else None

    # --- prices and pods ------------------------------------------------------------------

    def _on_price(self, raw: str) -> None:
        """Decode a price only for whoever waits for one, or to learn of a pair."""
        named = _PAIR.search(raw, 0, PAIR_WITHIN)
        name = named[1] if named else ""
        if name in self._followed:
            self._keep_newest(name, raw)
        elif name not in self._pairs and (self._wanted or (name and self._has_room)):
            self._learn(name, raw)
        if self._watchers and (tick := self._tick(raw)) is not None:
            for fits, coming in self._watchers:
                if not coming.done() and fits(tick.symbol):
                    coming.set_result(tick)

    @property
    def _has_room(self) -> bool:
        return len(self._pairs) < MOST_PAIRS

    def _learn(self, name: str, raw: str) -> None:
        """Decode a price to see of which pair it is, once for each name; without one each time, and
        where it is followed until one can be read.
        """
        wanted = pair_key(name) in self._wanted
        if not self._has_room and name and not wanted:
            return
        tick = self._tick(raw)
        if name and (tick is not None or not wanted):
            self._pairs[name] = tick.symbol if tick else ""
        if tick is not None and pair_key(tick.symbol) in self._wanted:
            self._followed.update(filter(None, (name,)))
            self._keep_newest(name or tick.symbol, raw)

    def _keep_newest(self, name: str, raw: str) -> None:
        self._newest[name] = raw
        self._priced.set()

    def _tick(self, raw: str) -> Tick | None:
        frame = frames.parse(raw)
        return None if isinstance(frame, Unreadable) else decode.tick(frame.record, self._clock())

    async def _counted(self, trader: Trader) -> Trader:
        """Add the number of open trades, where the operator has told how to ask a pod for it."""
        if self._settings.template_of("count") is None or not has_pod(trader):
            return trader
        try:
            answer = await self._tell_pod(trader, READ, "count")
        except (Refused, TryLater):
            return trader
        return replace(trader, open_trades=_open_trades(answer))

    async def _tell_pod(
        self, trader: Trader, call: Call, command: str, params: Mapping[str, object] = _NONE
    ) -> object:
        """Give a bot itself a command, in the way that the operator has told."""
        template = self._settings.template_of(command)
        if template is None:
            raise Refused(Sentence.COMMANDS_UNKNOWN)
        try:
            request = _pod_request(template, trader, command, params, writes=call.writes)
        except ValueError as error:
            raise Refused(Sentence.NO_SUCH_BOT) from error
        await self._wait_for_rate()
        try:
            return await self._rest.send(call, request, self._credential)
        except NoSuchRecord as missing:
            # Of a command that means that there is none, as 403 and 405 do.
            raise NotOffered(str(missing)) from missing


def _listed(answer: object) -> FoundPage:
    found = calls.found(answer)
    if found is None:
        raise TryLater(Sentence.NO_LIST)
    return found


_Record = TypeVar("_Record", Trader, Strategy)


def _written(read: _Record | Unreadable) -> _Record:
    """What a write has answered."""
    if isinstance(read, Unreadable):
        raise OutcomeUnknown(Sentence.NOT_READABLE)
    return read


def _decoded(heard: Iterable[ReceivedFrame]) -> Live:
    events: list[Event] = []
    unreadable: list[Unreadable] = []
    for raw, received in heard:
        frame = frames.parse(raw) if isinstance(raw, str) else raw
        read = frame if isinstance(frame, Unreadable) else decode.event(frame, received)
        if isinstance(read, Unreadable):
            unreadable.append(read)
        else:
            events.append(read)
    return Live(events=tuple(events), unreadable=tuple(unreadable))


def _later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)


def _pod_request(
    template: PodCommand,
    trader: Trader,
    name: str,
    params: Mapping[str, object],
    *,
    writes: bool,
) -> RestRequest:
    """What stands for a command; parameters without a place go where its method has them."""
    values = {"traderId": trader.id, "podId": trader.pod or trader.id, "command": name}
    steps = {place: calls.segment(value) for place, value in values.items()}
    steps["params"] = urlencode(params)
    path = str(filled(template.path, steps))
    method = template.method or ("POST" if writes or template.body is not None else "GET")
    if template.body is not None:
        body = filled(template.body, values, params)
        has_place = "{params}" in template.path or body != filled(template.body, values, {})
        if writes and params and not has_place:
            # Without its trade and amount it would do something else.
            raise Refused(Sentence.NO_PLACE)
        return RestRequest(verb=method, path=path, data=body)
    if "{params}" in template.path or not params:
        return RestRequest(verb=method, path=path)
    if method == "GET":
        query = tuple((key, str(value)) for key, value in params.items())
        return RestRequest(verb=method, path=path, parameters=query)
    return RestRequest(verb=method, path=path, data=dict(params))


def _opens_trades(answer: object) -> bool | None:
    """Read the answer to `show_config`, bare or wrapped.

    An old bot is told that it may have no trades, a newer one is paused.

    Source: freqtrade's rpc/api_server/api_schemas.py, `ShowConfig`; rpc/rpc.py, `_rpc_stopentry`
    """
    fields = Fields(answer if isinstance(answer, dict) else {})
    for inner in (fields, fields.part("data"), fields.part("result")):
        state = None if inner is None else inner.text("state")
        if inner is not None and state is not None:
            return state.lower() == "running" and inner.number("max_open_trades") != 0
    return None


def _open_trades(answer: object) -> int | None:
    """Read the answer to `count`, bare or wrapped.

    Source: freqtrade's rpc/api_server/api_schemas.py, `Count`
    """
    fields = Fields(answer if isinstance(answer, dict) else {})
    for inner in (fields, fields.part("data"), fields.part("result")):
        current = None if inner is None else inner.count("current")
        if current is not None:
            return current
    return None
