"""How long answers from the ledger take, by how many trades an account has, on both databases."""

import os
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
from cryptography.fernet import Fernet
from sqlalchemy import Connection, make_url, text

from benchmarks.bots.tradebell import link
from benchmarks.figures import Report, median
from benchmarks.people import new_id, now
from benchmarks.world import ON_DISK
from bot.app.process import spare_what_lasts
from bot.domain.accounts import Credential, CredentialKind
from bot.domain.cards import Card
from bot.domain.figures import EVER, Detail, Span
from bot.domain.ids import AccountId
from bot.texts import figures
from bot.texts.figures import Basis, Scope
from storage import Store, open_store

SIZES = (10_000, 100_000, 1_000_000)
"""Trades of an account."""

PORTION = 10_000
"""Trades stored at once."""

ROUNDS = 5

EVERY_BOT = Scope(bots=(), called={})

POSTGRES = os.environ.get("TRADEBELL_TEST_POSTGRES_URL")
"""A database beside which one of our own is made; without one only SQLite is measured."""

_FILLED = """
    INSERT INTO ledger
        (account, record, at, as_of, step, trader, pair, side, amount, price, result, currency,
         reason, paper, opened_at, closed_at)
    SELECT :account, 'trade-' || n.i, {at}, {at}, 3, 'bot-' || n.i % 10, 'C' || n.i % 30 || '/USDT',
        'sell', '1', '100', {result}, 'USDT', 'roi', {paper}, {at}, {at}
    FROM {numbers}
"""

_SQLITE = {
    "at": "(:now - 300 * n.i) * 1000000",
    "result": "CAST(n.i % 41 - 20 AS TEXT)",
    "paper": "0",
    "numbers": "(WITH RECURSIVE n(i) AS (SELECT :begun + 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < :begun + :count) SELECT i FROM n) AS n",
}
_POSTGRESQL = {
    "at": "to_timestamp(:now - 300 * n.i)",
    "result": "n.i % 41 - 20",
    "paper": "FALSE",
    "numbers": "generate_series(:begun + 1, :begun + :count) AS n(i)",
}


async def measure(*, sizes: tuple[int, ...] = SIZES, rounds: int = ROUNDS) -> Report:
    """Each figure is the median of its rounds, on the connection that answers commands: from the
    question to the card.
    """
    spare_what_lasts()  # as the process does that answers them
    told = {}
    with tempfile.TemporaryDirectory(dir=ON_DISK) as folder:
        told["SQLite"] = await _all(f"sqlite:///{Path(folder, 'ledger.db')}", sizes, rounds)
    if POSTGRES:
        async with _postgres_of_our_own(POSTGRES) as url:
            told["PostgreSQL"] = await _all(url, sizes, rounds)
    lines = [f"{name} {' / '.join(answers)}" for name, answers in told.items()]
    counts = " / ".join(f"{size:,}" for size in sizes)
    return Report(
        line=f"ledger: `/trades`, `/profit month`, `/stats` of {counts} trades: {'; '.join(lines)}",
        what=f"`/trades`, `/profit month` and `/stats` from the ledger of {counts} trades, median",
        tradebell="; ".join(lines),
        others="a bot that asks the platform: a request of 100 trades each, and its limits",
    )


async def _all(url: str, sizes: tuple[int, ...], rounds: int) -> list[str]:
    async with open_store(url, (Fernet.generate_key().decode(),), now, new_id) as store:
        return [await _answers(store, size, rounds) for size in sizes]


@asynccontextmanager
async def _postgres_of_our_own(beside: str) -> AsyncIterator[str]:
    """Gives its address; what is in the other database stays as it is."""
    name = f"tradebell_{secrets.token_hex(8)}"
    address = make_url(beside)
    server = await asyncpg.connect(
        address.set(drivername="postgresql").render_as_string(hide_password=False)
    )
    try:
        await server.execute(f"CREATE DATABASE {name}")
        try:
            yield address.set(database=name).render_as_string(hide_password=False)
        finally:
            await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await server.close()


async def _answers(store: Store, size: int, rounds: int) -> str:
    account = await _filled(store, size)
    latest, month, everything = [
        await _median(ask, rounds)
        for ask in (
            lambda: store.ledger.latest(account, 10),
            lambda: _profit_of_a_month(store, account),
            lambda: _statistics(store, account),
        )
    ]
    return f"{latest:.1f}, {month:.0f}, {everything:.0f} ms"


async def _median(ask: Callable[[], Awaitable[object]], rounds: int) -> float:
    """Milliseconds."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        await ask()
        times.append((time.perf_counter() - begun) * 1000)
    return median(times)


async def _profit_of_a_month(store: Store, account: AccountId) -> Card:
    since, details = now() - timedelta(days=31), (Detail.TRADER, Detail.PAIR)
    found = await store.ledger.record(account, since, details=details)
    return figures.profit_of(Span.MONTH, Basis(record=found, until=None), EVERY_BOT)


async def _statistics(store: Store, account: AccountId) -> Card:
    found = await store.ledger.record(account, EVER, details=(Detail.OPENED_AT,))
    return figures.statistics(Span.ALL, Basis(record=found, until=None), EVERY_BOT)


async def _filled(store: Store, size: int) -> AccountId:
    """One account more, of so many trades: one every five minutes until now."""
    user = str(size)
    await link(store, user, user, Credential(kind=CredentialKind.TOKEN, secret="t"))
    [account] = [one for one in await store.accounts.active() if one.platform_user == user]

    def fill(connection: Connection, begins: Sequence[int]) -> Sequence[None]:
        parts = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
        for begun in begins:
            values = {"account": account.id, "begun": begun, "count": PORTION}
            values["now"] = int(now().timestamp())
            connection.execute(text(_FILLED.format(**parts)), values)
        return [None for _ in begins]

    # No transaction may take longer than the store lets one.
    for begun in range(0, size, PORTION):
        await store.database.write(fill, begun)
    return account.id
