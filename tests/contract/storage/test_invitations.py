"""The contract of `ports.Invitations`, and what ends with the links of partners and of owners."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.domain.chats import Link, Partner, Role
from bot.domain.deliveries import State
from bot.domain.events import Kind
from bot.domain.ids import EndpointId, InvitationId, TraderId
from bot.domain.lifetimes import INVITATION_LIFE
from bot.domain.partners import MOST_PARTNERS, OPEN_INVITATIONS, InvitationProblem, Invited
from bot.domain.phones import NtfyTarget, Phone, Service
from bot.domain.visits import Purpose, Visit
from storage import Store, personal
from storage.schema.tables import delivery, invitation, link
from tests.contract.storage.given import (
    MINUTE,
    NOW,
    SENT,
    address,
    claim,
    claimed,
    linked,
    settle,
    told,
)

OWL, FOX = TraderId("owl"), TraderId("fox")
BEN = Partner(name="Ben", bots=frozenset({OWL, FOX}))
CODE = "hash of a code"


def one(host: Link, number: int = 1, **facts) -> Invited:
    given = {
        "id": InvitationId(f"invitation {number}"),
        "account": host.account,
        "host": host.id,
        "role": Role.VIEWER,
        "partner": BEN,
        "made_at": NOW,
        "expires_at": NOW + INVITATION_LIFE,
    }
    return Invited(**{**given, **facts})


async def opened(store: Store, host: Link, number: int = 1, **facts) -> Invited:
    invited = one(host, number, **facts)
    assert await store.invitations.open(f"{CODE} {number}", invited) is None
    return invited


async def chat(store: Store, number: str = "200", *, private: bool = True) -> EndpointId:
    return await store.links.endpoint(address(number), private=private)


async def takes(store: Store, invited: Invited, number: str = "200", at=NOW, **facts):
    there = await chat(store, number, **facts)
    return await store.invitations.take(invited.id, there, number, "de", at)


async def partner(store: Store, host: Link, number: int = 1, person: str = "200") -> Link:
    made = await takes(store, await opened(store, host, number), person)
    assert isinstance(made, Link)
    return made


async def test_what_is_open_is_found_by_its_code_until_it_is_late(store: Store):
    invited = await opened(store, await linked(store))

    look = store.invitations.look
    assert await look(f"{CODE} 1", NOW) == invited
    assert await look(f"{CODE} 2", NOW) is InvitationProblem.UNKNOWN
    just = NOW + INVITATION_LIFE
    assert await look(f"{CODE} 1", just - MINUTE) == invited
    assert await look(f"{CODE} 1", just) is InvitationProblem.EXPIRED
    assert await look(f"{CODE} 1", NOW - timedelta(days=1)) is InvitationProblem.EXPIRED


@pytest.mark.parametrize("bots", [frozenset({OWL}), frozenset[TraderId](), None])
async def test_who_takes_it_has_a_link_that_is_no_more_than_it_says(store: Store, bots):
    host = await linked(store)
    given = Partner(name="Ben", bots=bots)
    invited = await opened(store, host, role=Role.OPERATOR, partner=given)

    made = await takes(store, invited)

    assert isinstance(made, Link)
    assert (made.account, made.person, made.role) == (host.account, "200", Role.OPERATOR)
    assert made.partner == given
    assert made.preferences.language == "de"
    assert await store.links.at(address("200")) == made
    assert list(await store.links.of(host.account)) == [host]
    assert list(await store.links.partners_of(host.account)) == [made]


async def test_it_is_taken_once(store: Store):
    invited = await opened(store, await linked(store))

    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(takes(store, invited, who)) for who in ("200", "300")]

    both = [one.result() for one in tries]
    assert sorted(map(type, both), key=str) == sorted([Link, InvitationProblem], key=str)
    assert InvitationProblem.USED in both
    assert await store.invitations.look(f"{CODE} 1", NOW) is InvitationProblem.USED


async def test_nobody_takes_what_is_late_or_withdrawn_or_of_a_chat_that_has_left(store: Store):
    host = await linked(store)
    late, withdrawn, left = [await opened(store, host, number) for number in (1, 2, 3)]
    other = await linked(store, "101")
    await store.invitations.withdraw(withdrawn.id, host.account)
    await store.links.end(host.id, NOW)

    assert await takes(store, late, at=NOW + INVITATION_LIFE) is InvitationProblem.WITHDRAWN
    assert await takes(store, withdrawn) is InvitationProblem.WITHDRAWN
    assert await takes(store, left) is InvitationProblem.WITHDRAWN
    mine = await opened(store, other, 4)
    assert await takes(store, mine, at=NOW + INVITATION_LIFE) is InvitationProblem.EXPIRED
    assert await takes(store, replace(mine, id=InvitationId("?"))) is InvitationProblem.UNKNOWN
    assert await store.links.at(address("200")) is None


async def test_only_its_own_account_withdraws_one_and_only_an_open_one(store: Store):
    host, mallory = await linked(store), await linked(store, "666", "mallory")
    invited = await opened(store, host)

    assert not await store.invitations.withdraw(invited.id, mallory.account)
    assert list(await store.invitations.of(host.account, NOW)) == [invited]
    assert await store.invitations.withdraw(invited.id, host.account)
    assert not await store.invitations.withdraw(invited.id, host.account)
    assert list(await store.invitations.of(host.account, NOW)) == []


async def test_it_takes_a_private_chat_that_shows_no_account_and_is_not_its_owner_s(store: Store):
    host = await linked(store)
    await linked(store, "666", "mallory")
    invited = await opened(store, host)

    mine = await store.links.endpoint(address("another chat of mine"), private=True)
    again_here = await store.invitations.take(invited.id, mine, host.person, "en", NOW)

    assert again_here is InvitationProblem.OWN
    assert await takes(store, invited, "666") is InvitationProblem.LINKED
    assert await takes(store, invited, "-5", private=False) is InvitationProblem.SHARED
    assert await store.invitations.look(f"{CODE} 1", NOW) == invited


async def test_only_so_many_wait_and_so_many_partners_there_are(store: Store):
    host = await linked(store)
    for number in range(OPEN_INVITATIONS):
        await opened(store, host, number)

    one_more = one(host, OPEN_INVITATIONS)
    assert await store.invitations.open("code", one_more) is InvitationProblem.TOO_MANY
    later = replace(one_more, made_at=one_more.expires_at)
    assert await store.invitations.open("code", later) is None
    for number in range(MOST_PARTNERS):
        await partner(store, await linked(store, "h", "full"), 100 + number, f"p{number}")
    full = one(await linked(store, "h", "full"), 99)
    assert await store.invitations.open("another", full) is InvitationProblem.TOO_MANY


async def test_a_partner_s_phone_and_inbox_are_theirs_and_no_more_than_their_chat(store: Store):
    host = await linked(store)
    made = await partner(store, host)
    target = NtfyTarget(server="https://ntfy.sh", topic="topic of Ben")
    phone = await store.phones.add(made.id, Service.NTFY, target, NOW)
    await store.phones.expect_digits(phone.endpoint.id, "314159", NOW)
    proven = await store.phones.prove(made.endpoint.address, made.person, "314159", NOW)
    until = NOW + MINUTE
    visit = Visit(
        purpose=Purpose.INBOX, link=made.id, person=made.person, language="de", until=until
    )
    await store.visits.invite("of an inbox", visit, NOW)
    await store.visits.enter(Purpose.INBOX, "of an inbox", "secret", until, NOW, "Firefox")

    theirs = await store.links.partners_of(host.account)

    assert isinstance(proven, Phone)
    assert [(each.partner, each.role) for each in theirs] == [(BEN, Role.VIEWER)] * 3
    assert [each.is_chat for each in theirs] == [True, False, False]
    assert list(await store.links.of(host.account)) == [host]


async def test_a_partner_who_is_removed_hears_of_it_and_of_nothing_else(store: Store):
    host = await linked(store)
    made = await partner(store, host)
    await told(store, host.account, "r1")

    ended = await store.links.end(made.id, NOW, tells=True)

    assert (ended.cancelled, ended.last, ended.told) == (1, False, (made.endpoint,))
    assert await store.links.at(made.endpoint.address) is None
    assert await store.accounts.credential(host.account) is not None
    item = await claimed(store, made.endpoint.id)
    assert item.kind is Kind.FAREWELL
    assert "a***" in item.card.title
    assert item.language == "de"
    await settle(store, item, SENT)
    assert await claim(store, made.endpoint.id) is None
    assert await states(store, made) == {State.SENT: 1, State.CANCELLED: 1}


async def test_a_partner_who_leaves_is_told_nothing(store: Store):
    host = await linked(store)
    made = await partner(store, host)

    ended = await store.links.end(made.id, NOW)

    assert (ended.told, ended.last) == ((), False)
    assert await states(store, made) == {}


async def test_with_the_owner_s_last_chat_partners_leave_and_the_credential_goes(store: Store):
    host = await linked(store)
    other = await linked(store, "101")
    first, second = await partner(store, host), await partner(store, host, 2, "300")
    waiting = await opened(store, other, 3)

    one_left = await store.links.end(host.id, NOW)
    last = await store.links.end(other.id, NOW)

    assert (one_left.last, one_left.told) == (False, ())
    assert (last.last, set(last.told)) == (True, {first.endpoint, second.endpoint})
    assert await store.accounts.credential(host.account) is None
    assert await store.accounts.active() == []
    assert await store.links.at(first.endpoint.address) is None
    assert (await claimed(store, first.endpoint.id)).kind is Kind.FAREWELL
    assert (await claimed(store, second.endpoint.id)).kind is Kind.FAREWELL
    assert await takes(store, waiting, "400") is InvitationProblem.UNKNOWN


async def test_a_partner_who_logs_in_to_the_account_themselves_has_it_whole(store: Store):
    host = await linked(store)
    before = await partner(store, host)

    own = await linked(store, "200")

    assert (own.partner, own.role, own.account) == (None, Role.OWNER, host.account)
    assert own.id != before.id
    assert list(await store.links.partners_of(host.account)) == []


async def test_the_farewell_waits_for_nobody_who_is_linked_there_meanwhile(store: Store):
    host = await linked(store)
    made = await partner(store, host)
    await store.links.end(made.id, NOW, tells=True)

    await linked(store, "200", "ben")

    assert (await claimed(store, made.endpoint.id)).kind is Kind.FAREWELL


async def test_codes_stand_nowhere_and_what_is_kept_goes_with_the_account(store: Store):
    host = await linked(store)
    await opened(store, host)

    def export(connection):
        return personal.export(connection, host.account)

    kept = await store.database.read(export)
    [row] = kept["invitations"]
    assert CODE not in repr(row)
    await store.erase(str(host.account))
    assert await store.database.read(lambda each: each.execute(select(invitation)).all()) == []
    assert await store.database.read(lambda each: each.execute(select(link)).all()) == []


async def test_old_invitations_are_erased(store: Store):
    host = await linked(store)
    await opened(store, host)

    assert await store.invitations.prune(NOW + timedelta(days=30)) == 0
    assert await store.invitations.prune(NOW + timedelta(days=32)) == 1


async def states(store: Store, of: Link) -> dict[State, int]:
    def read(connection):
        rows = connection.execute(select(delivery.c.state).where(delivery.c.link == of.id))
        found: dict[State, int] = {}
        for state in rows.scalars():
            found[state] = found.get(state, 0) + 1
        return found

    return await store.database.read(read)
