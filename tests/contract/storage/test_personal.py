"""All that is kept of one account: written out, and erased without a trace."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.chats import Channel, Person, Watch
from bot.domain.events import Unreadable
from bot.domain.trail import by
from bot.errors import Refused
from bot.policy.news import remember_only
from storage import Store, exported, listed, look
from storage.schema.tables import metadata
from tests.contract.storage.given import (
    DIGITS,
    MINUTE,
    NOW,
    address,
    again,
    button,
    claimed,
    completed,
    fact,
    grant,
    invited,
    linked,
    settle,
    titles_sent,
    told,
)

ALICE = Person(channel=Channel.TELEGRAM, id="100100")


async def lived_in(store: Store) -> None:
    """Alice, in two chats, one of which is Bob's by now; and Bob."""
    mine = await linked(store, "100100", "alice")
    await linked(store, "200200", "alice")
    await store.audit.note("login_failed", NOW, None, **by(ALICE))
    await store.audit.note("command", NOW, mine.account, name="status", **by(ALICE))
    await told(store, mine.account, "alert of alice", "another of alice")
    await settle(store, await claimed(store, mine.endpoint.id), again(NOW + MINUTE))
    await store.actions.offer([button(mine, "button of alice")])
    await store.inbox.ingest(
        mine.account, [replace(fact("trade of alice"), profit=Decimal("0.10"))], remember_only, NOW
    )
    await store.incidents.watch(mine.account, mine.person, Watch(second=mine.id), NOW)
    unreadable = Unreadable(service="trades", reason="no id", fields=("alice_field",), size=10)
    await store.inbox.set_aside(mine.account, [unreadable], NOW)
    await invited(store, "open code of alice", "100100")
    await invited(store, "signed in, of alice", "100100")
    await store.codes.sign_in("signed in, of alice", grant("alice"), DIGITS, NOW)
    yours = (await completed(store, "200200", "bob")).link
    await told(store, yours.account, "alert of bob")
    await invited(store, "open code of bob", "200200")


async def test_an_export_has_everything_and_no_secret(lasting_url: str, open_again):
    async with open_again(lasting_url) as store:
        await lived_in(store)

        whole = await look(lasting_url, lambda connection: exported("alice", connection))

    text = json.dumps(whole)
    assert whole["account"]["label"] == "a***"
    assert whole["credential"] == "credential"
    titles = sorted(one["card"]["title"] for one in whole["alerts"])
    assert titles == ["alert of alice"] * 2 + ["another of alice"] * 2
    assert all({"decision", "matter"} <= one.keys() for one in whole["alerts"])
    assert {one["what"] for one in whole["trail"]} == {"login_failed", "command"}
    assert {one["chat"] for one in whole["chats"]} == {"100100", "200200"}
    assert all(whole[part] for part in ("on watch", "links", "facts", "buttons", "not understood"))
    assert [(one["record"], one["result"]) for one in whole["trades"]] == [
        ("trade of alice", "0.10")
    ]
    for secret in ("token-of-alice", "open code of alice", "bob", "hash", "salt"):
        assert secret not in text, secret


@pytest.mark.parametrize("called", ["alice", "telegram:100100"])
async def test_an_erased_account_leaves_nothing_and_others_everything(store: Store, called: str):
    await lived_in(store)
    of_bob = [row for row in await everything(store) if "bob" in row]

    erased = await store.erase(called)

    left = await everything(store)
    for trace in ("alice", "100100", str(erased.id), "button of", "trade of"):
        assert [row for row in left if trace in row] == []
    assert [row for row in left if "bob" in row] == of_bob
    assert await store.audit.broken() is None
    there = await store.links.at(address("200200"))
    assert there is not None
    assert await titles_sent(store, there.endpoint.id) == ["alert of bob"]


async def test_what_was_erased_cannot_be_read_in_the_file(
    sqlite_url: str, tmp_path: Path, open_again
):
    def kept() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.glob("tradebell.db*"))

    async with open_again(sqlite_url) as store:
        await lived_in(store)
    assert b"another of alice" in kept()

    async with open_again(sqlite_url) as store:
        await store.erase("alice")

    for trace in (b"another of alice", b"100100", b"alice_field"):
        assert trace not in kept()
    assert b"alert of bob" in kept()


@pytest.mark.parametrize(
    ("called", "words"),
    [("nobody", "no account"), ("telegram:200200", "2 accounts"), ("telegram:", "no account")],
)
async def test_who_is_not_one_account_is_refused_with_the_way_to_find_it(
    store: Store, called: str, words: str
):
    await lived_in(store)

    with pytest.raises(Refused, match=f"{words}.*tradebell accounts"):
        await store.erase(called)


async def test_accounts_are_listed_with_their_chats(lasting_url: str, open_again):
    async with open_again(lasting_url) as store:
        await lived_in(store)

    accounts = await look(lasting_url, listed)

    assert [(one.platform_user, chats) for one, chats in accounts] == [("alice", 1), ("bob", 1)]


async def everything(store: Store) -> list[str]:
    def read(connection: Any) -> list[str]:
        return sorted(
            f"{table.name} {dict(row._mapping)}"
            for table in metadata.sorted_tables
            for row in connection.execute(select(table))
        )

    return await store.database.read(read)
