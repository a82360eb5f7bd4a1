"""Accounts, chats and the links between them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.accounts import AccountState, Credential, CredentialKind
from bot.domain.actions import ActionState, Denied
from bot.domain.chats import EndpointState, Followers, Preferences
from bot.domain.deliveries import State
from bot.domain.events import Kind, Origin, Position, Stream, Trader, TraderSeen
from bot.domain.ids import AccountId, LinkId, TraderId
from bot.domain.ingesting import Progress
from bot.errors import Refused
from bot.policy.news import remember_only
from storage import Store
from tests.contract.storage.given import (
    MINUTE,
    NOW,
    address,
    button,
    claim,
    completed,
    grant,
    linked,
    tell_all,
    told,
)

RENEWED = Credential(
    kind=CredentialKind.TOKEN, secret="renewed", expires_at=NOW + timedelta(days=14)
)


async def test_a_chat_has_one_endpoint_however_often_it_is_met(store: Store):
    first = await store.links.endpoint(address("1"), private=True)
    again = await store.links.endpoint(address("1"), private=True)
    topic = await store.links.endpoint(address("1", thread="7"), private=False)

    assert first == again
    assert topic != first


async def test_a_chat_that_is_met_by_many_at_once_has_one_endpoint(store: Store):
    async with asyncio.TaskGroup() as group:
        met = [group.create_task(store.links.endpoint(address(), private=True)) for _ in range(10)]

    assert len({task.result() for task in met}) == 1


async def test_a_linked_chat_finds_its_link(store: Store):
    done = await completed(store)

    found = await store.links.at(address())

    assert found == done.link
    assert (done.link.person, done.link.epoch, done.link.linked_at) == ("100", 1, NOW)
    assert await store.links.at(address("elsewhere")) is None
    assert await store.links.at(address(thread="7")) is None


async def test_the_links_of_an_account_are_listed_oldest_first(store: Store):
    one = await completed(store, chat="1", at=NOW)
    two = await completed(store, chat="2", at=NOW + MINUTE)
    await completed(store, chat="3", user="bob")

    assert await store.links.of(one.account.id) == [one.link, two.link]


# --- unlinking ----------------------------------------------------------------------------


async def test_unlinking_cancels_what_is_owed_to_that_chat_only(store: Store):
    one, two = await linked(store, chat="1"), await linked(store, chat="2")
    await told(store, one.account, "a", "b")

    ended = await store.links.end(one.id, NOW)

    assert (ended.link, ended.cancelled, ended.last) == (one, 2, False)
    assert await store.links.at(address("1")) is None
    assert await claim(store, one.endpoint.id) is None
    assert await store.outbox.pending(two.endpoint.id) == 2


async def test_unlinking_cancels_what_was_held(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "a")
    await store.links.disable(address(), "blocked", NOW)

    ended = await store.links.end(chat.id, NOW)
    await store.links.enable(address(), NOW)

    assert ended.cancelled == 1
    assert (await store.outbox.counts())[State.CANCELLED] == 1


async def test_the_credential_goes_with_the_last_link(store: Store):
    one, two = await linked(store, chat="1"), await linked(store, chat="2")

    first = await store.links.end(one.id, NOW)
    kept = await store.accounts.credential(one.account)
    last = await store.links.end(two.id, NOW)
    gone = await store.accounts.credential(one.account)

    assert (first.last, last.last) == (False, True)
    assert kept is not None
    assert gone is None
    assert await store.accounts.active() == []


async def test_with_the_last_link_goes_what_was_read_and_known(store: Store):
    chat = await linked(store)
    progress = Progress(stream=Stream.TRADES, position=Position(at=NOW))
    await store.inbox.ingest(chat.account, [], tell_all(), NOW, progress)

    await store.links.end(chat.id, NOW)

    assert await store.inbox.cursors(chat.account) == {}


async def test_what_is_stored_of_an_account_after_its_last_link_is_not_begun_with(store: Store):
    chat = await linked(store)
    await store.links.end(chat.id, NOW)
    bot = Trader(id=TraderId("owl"))
    seen = TraderSeen(origin=Origin(kind=Kind.TRADER, record=bot.id, at=NOW), trader=bot)
    late = Progress(stream=Stream.TRADES, position=Position(at=NOW))
    await store.inbox.ingest(chat.account, [seen], remember_only, NOW, late)

    await linked(store)

    assert await store.inbox.cursors(chat.account) == {}
    assert await store.inbox.traders(chat.account) == ()


async def test_unlinking_takes_the_buttons_along(store: Store):
    chat = await linked(store)
    await store.actions.offer([button(chat)])

    await store.links.end(chat.id, NOW)

    pressed = await store.actions.claim(button(chat).id, chat.person, chat.endpoint.id, NOW)
    assert pressed is Denied.UNLINKED


async def test_unlinking_does_not_touch_what_is_being_done(store: Store):
    chat = await linked(store)
    await store.actions.offer([button(chat)])
    await store.actions.claim(button(chat).id, chat.person, chat.endpoint.id, NOW)

    await store.links.end(chat.id, NOW)

    assert [action.state for action in await store.actions.interrupted()] == [ActionState.RUNNING]


async def test_unlinking_twice_is_refused(store: Store):
    chat = await linked(store)
    await store.links.end(chat.id, NOW)

    with pytest.raises(Refused):
        await store.links.end(chat.id, NOW)
    with pytest.raises(Refused):
        await store.links.end(LinkId("unknown"), NOW)


async def test_of_many_who_unlink_at_once_one_does(store: Store):
    chat = await linked(store)

    async def unlink() -> bool:
        try:
            await store.links.end(chat.id, NOW)
        except Refused:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        unlinking = [group.create_task(unlink()) for _ in range(5)]

    assert sorted(task.result() for task in unlinking) == [False] * 4 + [True]


async def test_who_links_again_has_another_link_and_hears_nothing_of_before(store: Store):
    before = await linked(store)
    await told(store, before.account, "a")
    await store.links.end(before.id, NOW)

    after = await completed(store)

    assert after.link.id != before.id
    assert after.account.id == before.account
    assert after.others == ()
    assert await claim(store, before.endpoint.id) is None


async def test_who_links_again_begins_then_although_others_are_linked(store: Store):
    await linked(store, "200", "bob")
    before = await completed(store)
    await store.links.end(before.link.id, NOW)

    after = await completed(store, at=NOW + MINUTE)
    again = await completed(store, at=NOW + 2 * MINUTE)

    begun = [one.account.created_at - NOW for one in (before, after, again)]
    assert begun == [0 * MINUTE, MINUTE, MINUTE]


# --- closed and open ----------------------------------------------------------------------


@pytest.mark.parametrize("anew", [False, True])
async def test_who_links_a_closed_chat_finds_it_open_with_what_was_kept_for_them(
    store: Store, anew: bool
):
    link = await linked(store)
    await told(store, link.account, "a")
    await store.links.disable(address(), "blocked", NOW)
    if anew:
        await store.links.end(link.id, NOW)

    done = await completed(store)

    assert done.link.endpoint.state is EndpointState.ACTIVE
    assert (await store.links.at(address())) == done.link
    counts = await store.outbox.counts()
    assert (counts[State.READY], counts[State.CANCELLED]) == ((0, 1) if anew else (1, 0))


async def test_a_closed_chat_stays_linked_and_says_so(store: Store):
    chat = await linked(store)

    await store.links.disable(address(), "blocked", NOW)
    closed = await store.links.at(address())
    await store.links.enable(address(), NOW)
    opened = await store.links.at(address())

    assert closed is not None
    assert closed.endpoint.state is EndpointState.DISABLED
    assert opened == chat


async def test_chats_that_nobody_knows_close_and_open_without_effect(store: Store):
    assert await store.links.disable(address("unknown"), "blocked", NOW) == 0
    assert await store.links.enable(address("unknown"), NOW) == 0


# --- accounts -----------------------------------------------------------------------------


async def test_an_account_is_active_while_a_chat_is_linked(store: Store):
    alice = await completed(store, chat="1", at=NOW)
    bob = await completed(store, chat="2", user="bob", at=NOW + MINUTE)
    await completed(store, chat="3", at=NOW + MINUTE)

    before = await store.accounts.active()
    await store.links.end(bob.link.id, NOW)
    after = await store.accounts.active()

    assert before == [alice.account, bob.account]
    assert [account.id for account in after] == [alice.account.id]
    assert await store.accounts.get(bob.account.id) == bob.account
    assert await store.accounts.get(AccountId("unknown")) is None


async def test_a_credential_is_kept_and_replaced(store: Store):
    chat = await linked(store)
    first = await store.accounts.credential(chat.account)

    await store.accounts.renew(chat.account, RENEWED)

    assert first == grant().credential
    assert await store.accounts.credential(chat.account) == RENEWED


async def test_a_refused_credential_marks_the_account_until_it_is_renewed(store: Store):
    chat = await linked(store)

    await store.accounts.mark(chat.account, AccountState.NEEDS_LOGIN)
    marked = await store.accounts.get(chat.account)
    await store.accounts.renew(chat.account, RENEWED)
    renewed = await store.accounts.get(chat.account)

    assert marked is not None
    assert marked.state is AccountState.NEEDS_LOGIN
    assert renewed is not None
    assert renewed.state is AccountState.ACTIVE


async def test_a_credential_that_comes_after_the_last_link_is_not_kept(store: Store):
    chat = await linked(store)
    await store.links.end(chat.id, NOW)

    await store.accounts.renew(chat.account, RENEWED)

    assert await store.accounts.credential(chat.account) is None


async def test_readers_of_a_channel_follow_as_the_private_chat_says(store: Store):
    private = await linked(store)
    spoken = await store.links.prefer(
        private.id, lambda wants: replace(wants, language="de", zone="Europe/Berlin"), NOW
    )
    channel = await store.links.endpoint(address("-1007"), private=False, name="Owl trades")

    made = await store.links.show_followers(private.id, channel, Followers(), NOW)
    late = Followers(delay=MINUTE)
    again = await store.links.show_followers(private.id, channel, late, NOW + MINUTE)

    assert made is not None
    assert again is not None
    assert made.id == again.id
    assert (made.account, made.person, made.linked_at) == (private.account, private.person, NOW)
    assert made.preferences == Preferences(
        language=spoken.language, zone=spoken.zone, followers=Followers()
    )
    assert again.preferences.followers == late
    assert {one.id for one in await store.links.of(private.account)} == {private.id, made.id}


async def test_what_another_account_shows_to_followers_stays_as_it_is(store: Store):
    private, other = await linked(store), await linked(store, "200", "bob")
    channel = await store.links.endpoint(address("-1007"), private=False)
    made = await store.links.show_followers(private.id, channel, Followers(), NOW)

    assert await store.links.show_followers(other.id, channel, Followers(delay=MINUTE), NOW) is None
    assert await store.links.at(address("-1007")) == made

    await store.links.end(other.id, NOW)
    with pytest.raises(Refused):
        await store.links.show_followers(other.id, channel, Followers(), NOW)
