"""The demo answers what people ask of their figures within a minute of the link; each figure is the
sum over the platform's own records, added up here once more.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from adapters import simulator
from bot.app.demo import Show, demo
from tests.e2e.processes import digits_in, free_port, sign_in
from tests.integration.web.test_chat import Tab

WITHIN = 60.0
"""Seconds from the link to the last answer."""

QUIET = timedelta(days=1)
"""Between two things that happen, so that the sums stay what they are."""

KINDS = (("", False), (" paper", True))
"""Real money and paper, and the word for it."""

Shown = dict[str, Any]
Cells = list[str]


@dataclass(frozen=True, slots=True)
class Sale:
    at: datetime
    pair: str
    paper: bool
    result: Decimal


@dataclass(frozen=True, slots=True)
class Books:
    """What the platform has stored, added up without the product."""

    bots: Mapping[str, Shown]
    trades: list[Shown]

    def sales(self, since: date = date.min, until: date = date.max) -> list[Sale]:
        sold = [one for one in self.trades if "profit_abs" in one]
        every = [
            Sale(
                at=datetime.fromisoformat(one["close_date"]),
                pair=one["symbol"],
                paper=self.bots[one["traderId"]]["dry_run"],
                result=Decimal(repr(one["profit_abs"])),
            )
            for one in sold
        ]
        return [one for one in every if since <= one.at.date() < until]

    def fees(self, *, paper: bool) -> Decimal:
        told = [one for one in self.trades if self.bots[one["traderId"]]["dry_run"] is paper]
        return sum((Decimal(repr(one["fee"]["cost"])) for one in told), Decimal(0))


def total(sales: Iterable[Sale]) -> Decimal:
    return sum((one.result for one in sales), Decimal(0))


def money(value: Decimal, sign: str = "+") -> str:
    """A whole number without decimals; others with two, below one with two digits that say much."""
    if not value:
        return "0 USDT"
    if value == value.to_integral_value():
        return f"{value:{sign},.0f} USDT"
    digits = max(2, 1 - value.adjusted())
    shown = f"{value:{sign},.{digits}f}"
    return f"{shown[: len(shown) - digits + 2]}{shown[len(shown) - digits + 2 :].rstrip('0')} USDT"


def split(sales: Iterable[Sale]) -> list[tuple[str, list[Sale]]]:
    """The kinds that there are."""
    every = [(word, [one for one in sales if one.paper is paper]) for word, paper in KINDS]
    return [(word, of_kind) for word, of_kind in every if of_kind]


def fields(card: Shown) -> dict[str, str]:
    return {one["label"]: "".join(s["text"] for s in one["value"]) for one in card["fields"]}


def results(sales: list[Sale]) -> dict[str, str]:
    """What an answer has of results."""
    shown = {}
    for word, of_kind in split(sales):
        label = " (paper)" if word else ""
        won = sum(one.result > 0 for one in of_kind)
        lost = sum(one.result < 0 for one in of_kind)
        even = len(of_kind) - won - lost
        shown[f"Result{label}"] = money(total(of_kind))
        if len(of_kind) > 1:
            counted = f"{len(of_kind)}: {won} won, {lost} lost" + (f", {even} even" * bool(even))
            shown[f"Trades{label}"] = counted
    return shown


def losing_run(sales: list[Sale]) -> int:
    longest = run = 0
    for one in sorted(sales, key=lambda one: one.at):
        run = run + 1 if one.result < 0 else 0
        longest = max(longest, run)
    return longest


def by_period(books: Books, bounds: list[date]) -> list[Cells]:
    """Rows of result and count, where there are any: real money, then paper; the latest first."""
    periods = [books.sales(since, until) for since, until in zip(bounds[1:], bounds, strict=False)]
    rows = []
    for word, paper in KINDS:
        counted = [[one for one in period if one.paper is paper] for period in periods]
        rows += [[money(total(some)) + word, str(len(some))] for some in counted if some]
    return rows


def by_pair(books: Books) -> list[Cells]:
    of_pair = defaultdict(list)
    for one in books.sales():
        of_pair[one.pair].append(one)
    return [
        [pair, money(total(some)) + word, f"{sum(x.result > 0 for x in some)}/{len(some)}"]
        for pair, sales in of_pair.items()
        for word, some in split(sales)
    ]


@dataclass(frozen=True, slots=True)
class Person:
    tab: Tab

    async def asks(self, text: str) -> Shown:
        """The answer, the last if it has several; asked again if that was too much at once."""
        while True:
            await self.tab.say(text)
            frames = await self.tab.all_until("answered")
            cards = [
                one["message"]["card"]
                for one in frames
                if one["type"] == "message" and not one["message"]["mine"]
            ]
            if cards and cards[-1]["title"] != "One moment, please":
                answer: Shown = cards[-1]
                return answer
            await asyncio.sleep(1)

    async def asks_until_whole(self, text: str) -> None:
        """Nothing else tells that all older trades have been read."""
        while True:
            answer = await self.asks(text)
            if answer["fields"] and "still being read" not in str(answer["notes"]):
                return
            await asyncio.sleep(3)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, simulator.Resident]]:
    """The platform of each demo that is given, and who has settled there."""
    noted: list[tuple[Any, simulator.Resident]] = []
    settle = simulator.settle

    async def noting(platform: simulator.SimulatedPlatform, **facts: Any) -> simulator.Resident:
        resident = await settle(platform, **facts)
        noted.append((platform, resident))
        return resident

    monkeypatch.setattr(simulator, "settle", noting)
    return noted


def books_of(settled: list[tuple[Any, simulator.Resident]]) -> Books:
    [(platform, resident)] = settled
    bots = {one["_id"]: one for one in platform.records.of("traders", resident.user.id)}
    return Books(bots=bots, trades=list(platform.records.of("trades", resident.user.id)))


async def asked(lines: asyncio.Queue[str], questions: Iterable[str]) -> dict[str, Shown]:
    """Link the demo's account, wait for its older trades, and ask."""
    address, email, password = [(await lines.get()).split()[-1] for _ in range(3)]
    site = address.removesuffix("/chat")
    async with aiohttp.ClientSession() as client:
        async with client.get(address) as page:
            cookie = page.headers["Set-Cookie"].partition(";")[0]
        headers = {"Cookie": cookie, "Origin": site}
        async with client.ws_connect(f"{site}/chat/ws", headers=headers) as socket:
            person = Person(Tab(socket, ""))
            link = re.search(r"http\S+/link/[\w-]+", str(await person.asks("/link")))
            assert link is not None
            digits = digits_in(await sign_in(link[0], email=email, password=password))
            await person.asks(digits)
            async with asyncio.timeout(WITHIN):
                await person.asks_until_whole("/profit")
                return {one: await person.asks(one) for one in questions}


SPANS = ("day", "week", "month", "year")
OTHERS = (
    *("daily", "weekly", "monthly", "performance", "stats", "fees", "trades", "positions"),
    "status",
)


async def test_every_question_about_figures_is_answered_within_a_minute_of_the_link(settled):
    questions = [*(f"/profit {span}" for span in SPANS), *(f"/{name}" for name in OTHERS)]
    lines: asyncio.Queue[str] = asyncio.Queue()
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        show = Show(port=free_port(), browser=False, pace=QUIET)
        group.create_task(demo(show, lines.put_nowait, stop))
        answers = await asked(lines, questions)
        stop.set()

    books, today = books_of(settled), datetime.now(UTC).date()
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    began = dict(zip(SPANS, (today, monday, first, first.replace(month=1)), strict=True))
    for span, since in began.items():
        expected = results(books.sales(since))
        assert expected.items() <= fields(answers[f"/profit {span}"]).items(), span

    days = [today + timedelta(days=1 - n) for n in range(8)]
    weeks = [monday + timedelta(weeks=1 - n) for n in range(9)]
    months = [(first + timedelta(days=32)).replace(day=1), first]
    while len(months) < 7:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    for name, bounds in (("daily", days), ("weekly", weeks), ("monthly", months)):
        table = answers[f"/{name}"]["table"]["rows"]
        rows = [row[1:] for row in table if row[2] != "0"]
        assert rows == by_period(books, bounds), name

    performance = answers["/performance"]["table"]["rows"]
    assert sorted(performance) == sorted(by_pair(books))
    stats = fields(answers["/stats"])
    assert results(books.sales()).items() <= stats.items()
    for word, sales in split(books.sales()):
        run = stats["Longest losing run" + " (paper)" * bool(word)]
        assert run.startswith(f"{losing_run(sales)} ")

    fees = fields(answers["/fees"])
    assert fees["USDT"].startswith(f"{money(books.fees(paper=False), '-')}, ")
    assert fees["USDT on paper"].startswith(f"{money(books.fees(paper=True), '-')}, ")
    latest = sorted(books.trades, key=lambda one: one["createdAt"], reverse=True)[:10]
    told = [one["value"][0]["text"].split(" at ")[0] for one in answers["/trades"]["fields"]]
    verbs = {"buy": "Bought", "sell": "Sold"}
    assert told == [f"{verbs[one['side']]} {one['amount']} {one['symbol']}" for one in latest]
    assert len(answers["/positions"]["fields"]) == sum(
        bool(settled[0][1].market.held(one)) for one in books.bots
    )
    running = [one for one in books.bots.values() if one["running"]]
    title = f"{len(running)} of {len(books.bots)} bots running"
    assert answers["/status"]["title"].startswith(title)
    assert {one["name"] for one in books.bots.values()} <= fields(answers["/status"]).keys()
