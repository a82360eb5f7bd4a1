"""The platforms that contract tests run against, behind one interface."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Protocol

import aiohttp

from adapters.simulator import Options, SimulatedPlatform, object_ids, serving

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user of the platform, with what it takes to log in."""

    id: str
    email: str
    password: str
    api_key: str


class PlatformUnderTest(Protocol):
    """A platform on loopback, and what its operator could do to it."""

    url: str

    async def add_user(
        self,
        *,
        name: str = "",
        plan: str = "pro",
        token_life: timedelta | None = None,
    ) -> Person:
        """Register a person whose tokens live this long, in whole seconds."""

    async def add(
        self, service: str, record: Mapping[str, Any], owner: str, announce: bool = True
    ) -> Record:
        """Store a record of this user; with `announce`, tell their sockets."""

    async def change(
        self, service: str, id: str, changes: Mapping[str, Any], announce: bool = True
    ) -> Record:
        """Change fields of a record."""

    async def remove(self, service: str, id: str, announce: bool = True) -> Record:
        """Delete a record."""

    async def tick(self, ticker: Mapping[str, Any]) -> None:
        """Tell every logged-in socket a price."""

    async def cut_sockets(self, user: str) -> int:
        """Disconnect a user's sockets; gives how many there were."""

    async def refuse_sockets(self, refuse: bool) -> None:
        """Refuse new sockets from now on, or accept them again."""

    async def cap_pages(self, most: int | None) -> None:
        """Give at most this many records a page; `None` is the platform's own 100."""

    async def fail_finds(self, count: int, status: int) -> None:
        """Refuse the next finds from outside with this HTTP status."""

    async def hold(self, trader: str, *trades: Mapping[str, Any]) -> None:
        """Give a trader's pod open trades, as freqtrade tells them."""

    async def refuse_pods(self, status: int) -> None:
        """Refuse whatever pods are told, with this HTTP status."""

    async def calls(self) -> Sequence[Mapping[str, Any]]:
        """Give method, service, id, query and transport of every call so far."""


async def trades(platform: PlatformUnderTest, person: Person, *prices: float) -> list[str]:
    """Store trades of these prices, one second apart; gives their ids."""
    ids = []
    for second, price in enumerate(prices):
        trade = {
            "side": "buy" if second % 2 == 0 else "sell",
            "amount": 0.1,
            "symbol": "BTC/USDT",
            "price": price,
            "createdAt": f"2026-01-05T12:00:{second:02}.000Z",
        }
        stored = await platform.add("trades", trade, person.id, announce=False)
        ids.append(stored["_id"])
    return ids


class Simulated:
    """The simulated platform of this project."""

    def __init__(self, platform: SimulatedPlatform, url: str) -> None:
        self.platform = platform
        self.url = url

    async def add_user(
        self,
        *,
        name: str = "",
        plan: str = "pro",
        token_life: timedelta | None = None,
    ) -> Person:
        user = self.platform.add_user(name=name, plan=plan, token_life=token_life)
        return Person(id=user.id, email=user.email, password=user.password, api_key=user.api_key)

    async def add(
        self, service: str, record: Mapping[str, Any], owner: str, announce: bool = True
    ) -> Record:
        return dict(await self.platform.add(service, record, owner, announce=announce))

    async def change(
        self, service: str, id: str, changes: Mapping[str, Any], announce: bool = True
    ) -> Record:
        return dict(await self.platform.change(service, id, changes, announce=announce))

    async def remove(self, service: str, id: str, announce: bool = True) -> Record:
        return dict(await self.platform.remove(service, id, announce=announce))

    async def tick(self, ticker: Mapping[str, Any]) -> None:
        await self.platform.tell_everyone("exchanges/ticker", "patched", ticker)

    async def cut_sockets(self, user: str) -> int:
        return await self.platform.cut_sockets(user)

    async def refuse_sockets(self, refuse: bool) -> None:
        self.platform.script.refuse_sockets = refuse

    async def cap_pages(self, most: int | None) -> None:
        self.platform.script.page_cap = most

    async def fail_finds(self, count: int, status: int) -> None:
        self.platform.script.fail("find", status, count=count)

    async def hold(self, trader: str, *trades: Mapping[str, Any]) -> None:
        held = [dict(one) for one in trades]

        def sell(_: str, number: str, amount: float | None) -> None:
            [sold] = [one for one in held if str(one["trade_id"]) == number]
            sold["amount"] -= sold["amount"] if amount is None else amount
            held[:] = [one for one in held if one["amount"] > 0]

        pods = self.platform.pods
        pods.held, pods.sell = (lambda its: held if its == trader else ()), sell

    async def refuse_pods(self, status: int) -> None:
        self.platform.script.fail("create", status, service="traders/pods", count=100)

    async def calls(self) -> Sequence[Mapping[str, Any]]:
        return [
            {
                "method": call.method,
                "service": call.service,
                "id": call.id,
                "query": call.query,
                "transport": call.transport,
            }
            for call in self.platform.calls
        ]


class Feathers:
    """A stock FeathersJS server, told what to do through its control port."""

    def __init__(self, url: str, control: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self._control = control
        self._http = http
        self._chance = Random()

    async def add_user(
        self,
        *,
        name: str = "",
        plan: str = "pro",
        token_life: timedelta | None = None,
    ) -> Person:
        unique = f"{self._chance.getrandbits(64):016x}"
        user: Record = {
            "email": f"{unique}@example.com",
            "password": f"password {unique}",
            "apiKey": f"cr_live_{unique}",
            "name": name,
            "plan": plan,
            "verified": True,
        }
        if token_life is not None:
            user["tokenLife"] = int(token_life.total_seconds())
        stored = await self._ask("addUser", user)
        return Person(
            id=stored["_id"],
            email=user["email"],
            password=user["password"],
            api_key=user["apiKey"],
        )

    async def add(
        self, service: str, record: Mapping[str, Any], owner: str, announce: bool = True
    ) -> Record:
        stored: Record = await self._ask(
            "add",
            {
                "service": service,
                "record": record,
                "owner": owner,
                "announce": announce,
            },
        )
        return stored

    async def change(
        self, service: str, id: str, changes: Mapping[str, Any], announce: bool = True
    ) -> Record:
        stored: Record = await self._ask(
            "change",
            {"service": service, "id": id, "changes": changes, "announce": announce},
        )
        return stored

    async def remove(self, service: str, id: str, announce: bool = True) -> Record:
        removed: Record = await self._ask(
            "remove", {"service": service, "id": id, "announce": announce}
        )
        return removed

    async def tick(self, ticker: Mapping[str, Any]) -> None:
        await self._ask("tick", ticker)

    async def cut_sockets(self, user: str) -> int:
        cut: int = await self._ask("cutSockets", {"user": user})
        return cut

    async def refuse_sockets(self, refuse: bool) -> None:
        await self._ask("script", {"refuseSockets": refuse})

    async def cap_pages(self, most: int | None) -> None:
        await self._ask("script", {"pageCap": most})

    async def fail_finds(self, count: int, status: int) -> None:
        await self._ask("script", {"failures": {"count": count, "status": status}})

    async def hold(self, trader: str, *trades: Mapping[str, Any]) -> None:
        await self._ask("script", {"held": {trader: trades}})

    async def refuse_pods(self, status: int) -> None:
        await self._ask("script", {"refusePods": status})

    async def answer_after(self, milliseconds: int) -> None:
        await self._ask("script", {"answerAfter": milliseconds})

    async def calls(self) -> Sequence[Mapping[str, Any]]:
        calls: Sequence[Mapping[str, Any]] = await self._ask("calls", {})
        return calls

    async def connections(self) -> int:
        """How many sockets were connected so far."""
        connections: int = await self._ask("connections", {})
        return connections

    async def reset(self) -> None:
        await self._ask("reset", {})

    async def _ask(self, what: str, facts: Mapping[str, Any]) -> Any:
        url = f"{self._control}/{what}"
        async with self._http.post(url, json=facts, raise_for_status=True) as answer:
            return await answer.json()


@dataclass(frozen=True, slots=True)
class FeathersProcess:
    """Where a running FeathersJS server listens."""

    url: str
    control: str
    signal: Callable[[int], None]


SERVER = Path(__file__).parents[1] / "feathers" / "server.js"


@contextmanager
def feathers_process(
    folder: Path, heartbeat: Mapping[str, int] | None = None
) -> Iterator[FeathersProcess]:
    """Run the FeathersJS server of a folder; it also ends by itself when this process does.

    Args:
        heartbeat: `pingInterval` and `pingTimeout` in milliseconds, if not those of Socket.IO.
    """
    with subprocess.Popen(
        ["node", str(SERVER), json.dumps(heartbeat or {})],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            ports = json.loads(process.stdout.readline())
            yield FeathersProcess(
                url=f"http://127.0.0.1:{ports['platform']}",
                control=f"http://127.0.0.1:{ports['control']}",
                signal=process.send_signal,
            )
        finally:
            process.kill()


@asynccontextmanager
async def feathers(process: FeathersProcess) -> AsyncIterator[Feathers]:
    """Give the running server to one test, without the faults of the one before."""
    async with aiohttp.ClientSession() as http:
        platform = Feathers(process.url, process.control, http)
        await platform.reset()
        yield platform


@asynccontextmanager
async def simulated(options: Options | None = None) -> AsyncIterator[Simulated]:
    """Serve a fresh simulated platform."""

    def now() -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - its clients live in real time

    chance = Random(7)
    platform = SimulatedPlatform(options or Options(), now, object_ids(now, chance), chance)
    async with serving(platform) as url:
        yield Simulated(platform, url)
