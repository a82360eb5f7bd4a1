"""The contract of `ports.Phones`, and what goes when a phone or its chat does."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import Connection, select, update

from bot.domain.chats import Address, Channel, Link
from bot.domain.lifetimes import INBOX_LIFE, PHONE_CODE_LIFE
from bot.domain.linking import LinkProblem, WrongDigits
from bot.domain.phones import BrowserTarget, NtfyTarget, Phone, PushoverTarget, PushTarget, Service
from bot.domain.visits import Purpose, Visit
from bot.errors import Misconfigured
from storage import Store, personal
from storage.accounts.phones import UNPROVEN_LIFE
from storage.engine.database import each
from storage.schema.tables import endpoint, phone, secret
from tests.contract.storage.given import MINUTE, NOW, SECOND, address, linked

TARGET = NtfyTarget(
    server="https://ntfy.sh", topic="topic-of-alice", user="alice", password="password of alice"
)
CODE, WRONG = "271828", "161803"


BROWSER = BrowserTarget(
    endpoint="https://push.example/of-alice", p256dh="key of alice", auth="auth", name="Firefox"
)
SERVICES = {
    NtfyTarget: Service.NTFY,
    PushoverTarget: Service.PUSHOVER,
    BrowserTarget: Service.BROWSER,
}


async def added(store: Store, host: Link, target: PushTarget = TARGET) -> Phone:
    return await store.phones.add(host.id, SERVICES[type(target)], target, NOW)


async def proven(store: Store, host: Link) -> Phone:
    found = await added(store, host)
    await store.phones.expect_digits(found.endpoint.id, CODE, NOW)
    outcome = await store.phones.prove(host.endpoint.address, host.person, CODE, NOW)
    assert isinstance(outcome, Phone)
    return outcome


async def test_a_code_that_was_typed_proves_that_the_phone_is_seen(store: Store):
    host = await linked(store)
    await proven(store, host)

    chat, phone = await store.links.of(host.account)

    assert (chat.proven_at, phone.proven_at) == (None, NOW)


async def test_a_phone_is_found_by_its_address_and_by_its_chat(store: Store):
    host = await linked(store)
    found = await added(store, host)
    other = await added(store, host, PushoverTarget(user="u" * 30, device="iphone"))

    assert list(await store.phones.of(host.id)) == [found, other]
    assert found.endpoint.name == "ntfy.sh"
    assert found.service is Service.NTFY
    assert found.endpoint.address.channel is Channel.PUSH
    kept = await store.phones.target(other.endpoint.address)
    assert kept is not None
    assert kept.target == PushoverTarget(user="u" * 30, device="iphone")
    assert kept.account == host.account
    assert await store.phones.target(address("nowhere")) is None


async def test_where_it_is_stands_nowhere_in_clear(store: Store):
    host = await linked(store)
    await added(store, host)

    def everything(connection):
        return [
            str(row._mapping)
            for table in (phone, endpoint, secret)
            for row in connection.execute(select(table))
        ]

    rows = "\n".join(await store.database.read(everything))
    assert TARGET.topic not in rows
    assert TARGET.password not in rows


async def test_it_is_linked_by_its_digits_once(store: Store):
    host = await linked(store)
    found = await proven(store, host)

    own = await store.links.at(found.endpoint.address)
    again = await store.phones.prove(host.endpoint.address, host.person, CODE, NOW)

    assert own is not None
    assert (own.id, own.account, own.role) == (found.link, host.account, host.role)
    assert again == WrongDigits(problem=LinkProblem.UNKNOWN)


@pytest.mark.parametrize(
    ("where", "who"), [(address("200"), "100"), (address("100"), "somebody else")]
)
async def test_digits_count_in_their_chat_and_of_their_person_only(
    store: Store, where: Address, who: str
):
    host = await linked(store)
    found = await added(store, host)
    await store.phones.expect_digits(found.endpoint.id, CODE, NOW)

    outcome = await store.phones.prove(where, who, CODE, NOW)

    assert outcome == WrongDigits(problem=LinkProblem.UNKNOWN)
    assert not await store.phones.waiting(where, who, NOW)
    assert await store.phones.waiting(host.endpoint.address, host.person, NOW)


async def test_three_wrong_ones_are_the_last(store: Store):
    host = await linked(store)
    found = await added(store, host)
    await store.phones.expect_digits(found.endpoint.id, CODE, NOW)
    prove = partial(store.phones.prove, host.endpoint.address, host.person)

    outcomes = [await prove(digits, NOW) for digits in (WRONG, WRONG, WRONG, CODE)]

    assert outcomes == [
        WrongDigits(problem=LinkProblem.WRONG_DIGITS, tries_left=2),
        WrongDigits(problem=LinkProblem.WRONG_DIGITS, tries_left=1),
        WrongDigits(problem=LinkProblem.TOO_MANY_TRIES),
        WrongDigits(problem=LinkProblem.UNKNOWN),
    ]


async def test_digits_end(store: Store):
    host = await linked(store)
    found = await added(store, host)
    await store.phones.expect_digits(found.endpoint.id, CODE, NOW)
    late = NOW + PHONE_CODE_LIFE

    assert await store.phones.waiting(host.endpoint.address, host.person, late - SECOND)
    assert not await store.phones.waiting(host.endpoint.address, host.person, late)
    outcome = await store.phones.prove(host.endpoint.address, host.person, CODE, late)
    assert outcome == WrongDigits(problem=LinkProblem.EXPIRED)


async def test_the_last_code_that_was_sent_is_the_one_that_counts(store: Store):
    host = await linked(store)
    first, second = await added(store, host), await added(store, host)
    await store.phones.expect_digits(first.endpoint.id, WRONG, NOW)
    await store.phones.expect_digits(second.endpoint.id, CODE, NOW)

    outcome = await store.phones.prove(host.endpoint.address, host.person, CODE, NOW)

    assert isinstance(outcome, Phone)
    assert outcome.endpoint == second.endpoint


async def test_what_is_noted_of_it_is_kept(store: Store):
    host = await linked(store)
    found = await proven(store, host)

    await store.phones.set(found.endpoint.id, details=True)
    await store.phones.set(found.endpoint.id, updates=False)

    [kept] = await store.phones.of(host.id)
    target = await store.phones.target(found.endpoint.address)
    assert kept == replace(found, details=True, updates=False)
    assert target is not None
    assert (target.details, target.updates) == (True, False)


async def test_it_ends_with_its_chat_and_so_does_what_finds_it(store: Store):
    host = await linked(store)
    found, new = await proven(store, host), await added(store, host)

    ended = await store.links.end(host.id, NOW)

    assert ended.last
    assert await store.links.of(host.account) == []
    for one in (found, new):
        assert await store.phones.target(one.endpoint.address) is None
    assert await store.database.read(
        lambda c: c.execute(select(secret.c.kind)).scalars().all()
    ) in (
        ["canary"],
        [],
    )


async def test_it_does_not_end_with_another_chat_of_the_account(store: Store):
    host, other = await linked(store), await linked(store, "200")
    found = await proven(store, host)

    ended = await store.links.end(other.id, NOW)

    assert not ended.last
    assert await store.links.at(found.endpoint.address) is not None


async def test_one_that_is_removed_leaves_its_chat_as_it_is(store: Store):
    host = await linked(store)
    found, new = await proven(store, host), await added(store, host)

    for one in (found, new):
        await store.phones.remove(one.endpoint.id, NOW)

    assert await store.phones.of(host.id) == []
    assert await store.links.at(found.endpoint.address) is None
    assert await store.links.at(host.endpoint.address) == host


async def test_one_that_nobody_proves_is_forgotten_after_a_day(store: Store):
    host = await linked(store)
    found, _ = await proven(store, host), await added(store, host)

    early = await store.phones.prune(NOW + UNPROVEN_LIFE)
    late = await store.phones.prune(NOW + UNPROVEN_LIFE + MINUTE)

    assert (early, late) == (0, 1)
    assert [one.endpoint.id for one in await store.phones.of(host.id)] == [found.endpoint.id]


async def test_an_export_tells_of_phones_and_not_where_they_are(store: Store):
    host = await linked(store)
    await proven(store, host)

    found = await store.database.read(personal.export, host.account)

    assert len(found["phones"]) == 1
    assert "digits_hash" not in found["phones"][0]
    assert TARGET.topic not in json.dumps(found)


async def test_an_account_that_is_erased_leaves_no_phone(store: Store):
    host = await linked(store)
    await proven(store, host)
    await added(store, host)

    await store.erase(host.account)

    def left(connection):
        return [
            row
            for table in (phone, endpoint)
            for row in connection.execute(select(table.c[table.primary_key.columns.keys()[0]]))
        ]

    assert await store.database.read(left) == []


# --- browsers -----------------------------------------------------------------------------


async def inbox_of(store: Store, host: Link) -> Link:
    """One that was opened from a chat."""
    invited = Visit(
        purpose=Purpose.INBOX,
        link=host.id,
        person=host.person,
        language="en",
        until=NOW + MINUTE,
    )
    await store.visits.invite("code", invited, NOW)
    entered = await store.visits.enter(
        Purpose.INBOX, "code", "secret", NOW + INBOX_LIFE, NOW, "Firefox"
    )
    assert isinstance(entered, Visit)
    link = await store.links.called(entered.link)
    assert link is not None
    return link


async def test_a_browser_is_found_and_proven_in_its_inbox_and_in_the_chat_that_opened_it(
    store: Store,
):
    host = await linked(store)
    inbox = await inbox_of(store, host)
    found = await added(store, inbox, BROWSER)
    await store.phones.expect_digits(found.endpoint.id, CODE, NOW)
    waits = [
        await store.phones.waiting(one.endpoint.address, host.person, NOW) for one in (inbox, host)
    ]

    proven_there = await store.phones.prove(host.endpoint.address, host.person, CODE, NOW)

    assert waits == [True, True]
    assert isinstance(proven_there, Phone)
    assert list(await store.phones.of(inbox.id)) == list(await store.phones.of(host.id))
    kept = await store.phones.target(found.endpoint.address)
    assert kept is not None
    assert kept.target == BROWSER
    assert found.endpoint.name == "Firefox"


async def test_a_browser_ends_with_its_inbox_and_the_chat_goes_on(store: Store):
    host = await linked(store)
    inbox = await inbox_of(store, host)
    found, own = await added(store, inbox, BROWSER), await added(store, host)

    await store.links.end(inbox.id, NOW)

    assert await store.phones.target(found.endpoint.address) is None
    assert list(await store.phones.of(host.id)) == [own]


async def test_one_that_has_moved_is_as_proven_as_before(store: Store):
    host = await linked(store)
    found = await proven(store, host)
    moved = replace(BROWSER, endpoint="https://push.example/elsewhere")

    await store.phones.move(found.endpoint.id, moved)
    await store.phones.remove(found.endpoint.id, NOW)
    await store.phones.move(found.endpoint.id, BROWSER)

    assert await store.phones.of(host.id) == []
    secrets = await store.database.read(lambda c: c.execute(select(secret.c.owner)).scalars().all())
    assert f"phone:{found.endpoint.id}" not in secrets


async def test_pushes_are_signed_with_one_key_for_good_which_stands_nowhere_in_clear(store: Store):
    first, second = "11" * 32, "22" * 32

    async with asyncio.TaskGroup() as group:
        agreed = [group.create_task(store.push_key(one)) for one in (first, second)]
    kept = {one.result() for one in agreed}
    later = await store.push_key("33" * 32)

    assert kept == {later}
    assert later in (first, second)
    tokens = await store.database.read(lambda c: c.execute(select(secret.c.token)).scalars().all())
    assert all(later not in token for token in tokens)


async def test_a_key_that_cannot_be_read_is_an_operator_s_matter(store: Store):
    await store.push_key("11" * 32)
    await store.database.write(_damage, None)

    with pytest.raises(Misconfigured, match="TRADEBELL_SECRET_KEY"):
        await store.push_key("22" * 32)


@each
def _damage(connection: Connection, _: None) -> None:
    connection.execute(update(secret).where(secret.c.owner == "push").values(token="damaged"))
