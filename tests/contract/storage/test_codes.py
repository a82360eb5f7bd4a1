"""Linking attempts: each step works once, in its time, for its person, in its chat."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.accounts import AccountState, Grant
from bot.domain.chats import Channel, Link, Role
from bot.domain.deliveries import State
from bot.domain.lifetimes import CODE_LIFE, DIGITS_LIFE
from bot.domain.linking import (
    DIGITS_TRIES,
    LOGIN_TRIES,
    OPEN_CODES,
    Completed,
    Invitation,
    LinkProblem,
    Proof,
    Proven,
    SignedIn,
    TooSoon,
    WrongDigits,
)
from bot.domain.wrong_logins import PER_PAIR, WINDOW, Counted
from storage import Store
from storage.schema.tables import attempt, secret, wrong_login
from tests.contract.storage.given import (
    DIGITS,
    MINUTE,
    NOW,
    SECOND,
    address,
    completed,
    grant,
    invited,
    linked,
    told,
)

WRONG = "000000"
ANN = "ann@example.com", "10.0.0.1"


async def sign_in(store: Store, code: str = "code", user: str = "alice", now: datetime = NOW):
    return await store.codes.sign_in(code, grant(user), DIGITS, now)


async def type_digits(
    store: Store, digits: str = DIGITS, chat: str = "100", person: str = "100", now: datetime = NOW
) -> Completed | WrongDigits:
    return await store.codes.complete(address(chat), person, digits, now)


# --- the address --------------------------------------------------------------------------


async def test_an_address_knows_the_language_in_which_it_was_given(store: Store):
    invitation = await invited(store, "code", language="de")

    looked = await store.codes.look("code", NOW)

    assert looked == invitation
    assert invitation.language == "de"


async def test_an_address_can_be_looked_at_any_number_of_times(store: Store):
    invitation = await invited(store, "code")

    looks = [await store.codes.look("code", NOW + MINUTE) for _ in range(3)]

    assert looks == [invitation] * 3


async def test_an_unknown_address_leads_nowhere(store: Store):
    assert await store.codes.look("unknown", NOW) is LinkProblem.UNKNOWN
    assert await store.codes.count_login("unknown", *ANN, NOW) is LinkProblem.UNKNOWN
    assert await sign_in(store, "unknown") is LinkProblem.UNKNOWN


async def test_an_address_expires(store: Store):
    await invited(store, "code")
    late = NOW + CODE_LIFE

    assert await store.codes.look("code", late) is LinkProblem.EXPIRED
    assert await store.codes.count_login("code", *ANN, late) is LinkProblem.EXPIRED
    assert await sign_in(store, now=late) is LinkProblem.EXPIRED


async def test_the_oldest_address_of_a_person_gives_way_to_a_new_one_too_many(store: Store):
    for number in range(OPEN_CODES + 1):
        await invited(store, f"code {number}", at=NOW + number * SECOND)
    await invited(store, "somebody else's", person="200")

    looks = [await store.codes.look(f"code {number}", NOW + MINUTE) for number in range(4)]

    assert looks[0] is LinkProblem.EXPIRED
    assert not any(isinstance(look, LinkProblem) for look in looks[1:])
    assert not isinstance(await store.codes.look("somebody else's", NOW), LinkProblem)


async def test_a_persons_addresses_are_counted_over_all_chats(store: Store):
    for number in range(OPEN_CODES + 1):
        await invited(
            store, f"code {number}", chat=str(number), person="7", at=NOW + number * SECOND
        )

    assert await store.codes.look("code 0", NOW + MINUTE) is LinkProblem.EXPIRED


# --- a login that only proves ---------------------------------------------------------------


async def asked_to_prove(store: Store, code: str, link: Link, at: datetime = NOW) -> Invitation:
    return await invited(
        store, code, at=at, proof=Proof(account=link.account, deed="close a trade")
    )


async def has_proven(store: Store, link: Link, now: datetime = NOW, **other: Any) -> bool:
    asked = {"account": link.account, "channel": link.endpoint.address.channel, "person": "100"}
    return await store.codes.proven(**(asked | other), since=now - 10 * MINUTE, now=now)


async def test_a_login_proves_that_a_person_holds_an_account_for_a_while(store: Store):
    link = await linked(store)
    asked = await asked_to_prove(store, "code", link)
    assert asked.proof is not None
    before = await has_proven(store, link)

    proven = await store.codes.prove("code", grant("alice"), NOW)

    assert proven == Proven(proof=asked.proof)
    assert not before
    assert await has_proven(store, link)
    assert await has_proven(store, link, NOW + 9 * MINUTE)
    assert not await has_proven(store, link, NOW + 10 * MINUTE)
    assert not await has_proven(store, link, NOW - MINUTE)
    assert not await has_proven(store, link, person="200")
    assert not await has_proven(store, link, channel=Channel.DISCORD)
    assert not await has_proven(store, link, account="another")


async def test_it_is_used_once_and_keeps_nothing_of_the_login(store: Store):
    link = await linked(store)
    await asked_to_prove(store, "code", link)
    before = await store.database.read(lambda c: c.execute(select(secret)).all())

    await store.codes.prove("code", grant("alice", "another token"), NOW)
    again = await store.codes.prove("code", grant("alice"), NOW)

    assert again is LinkProblem.PROVEN
    assert await store.codes.look("code", NOW) is LinkProblem.PROVEN
    assert await store.database.read(lambda c: c.execute(select(secret)).all()) == before


async def test_of_two_logins_at_once_one_proves(store: Store):
    link = await linked(store)
    await asked_to_prove(store, "code", link)

    async with asyncio.TaskGroup() as group:
        tries = [
            group.create_task(store.codes.prove("code", grant("alice"), NOW)) for _ in range(4)
        ]

    outcomes = [task.result() for task in tries]
    assert sum(isinstance(one, Proven) for one in outcomes) == 1
    assert outcomes.count(LinkProblem.PROVEN) == 3


@pytest.mark.parametrize("given", ["another's", "nobody's", "perhaps another's"])
async def test_another_account_s_login_proves_nothing_and_leaves_the_address(
    store: Store, given: str
):
    link = await linked(store)
    await linked(store, "200", "bob")
    await asked_to_prove(store, "code", link)
    logins = {
        "another's": grant("bob"),
        "nobody's": grant("carol"),
        "perhaps another's": replace(grant("alice", "a key"), inferred=True),
    }

    assert await store.codes.prove("code", logins[given], NOW) is LinkProblem.NOT_CERTAIN
    assert not await has_proven(store, link)
    assert isinstance(await store.codes.look("code", NOW), Invitation)


async def test_an_address_that_links_proves_nothing_and_the_other_way_round(store: Store):
    link = await linked(store)
    await asked_to_prove(store, "proves", link)
    await invited(store, "links")

    assert isinstance(await sign_in(store, "proves"), LinkProblem)
    assert await store.codes.prove("links", grant("alice"), NOW) is LinkProblem.UNKNOWN
    assert await type_digits(store) == WrongDigits(problem=LinkProblem.UNKNOWN)
    assert not await has_proven(store, link)


async def test_an_address_for_a_proof_ends(store: Store):
    link = await linked(store)
    await asked_to_prove(store, "late", link)
    await asked_to_prove(store, "tried", link)
    for _ in range(LOGIN_TRIES):
        await store.codes.count_login("tried", *ANN, NOW)

    late = await store.codes.prove("late", grant("alice"), NOW + CODE_LIFE)

    assert late is LinkProblem.NOT_PROVEN
    assert await store.codes.look("tried", NOW) is LinkProblem.NOT_PROVEN
    assert not await has_proven(store, link, NOW + CODE_LIFE)


# --- the login ----------------------------------------------------------------------------


async def test_logins_are_counted_before_they_are_made(store: Store):
    await invited(store, "code")

    left = [await store.codes.count_login("code", *ANN, NOW) for _ in range(LOGIN_TRIES + 1)]

    assert left == [*reversed(range(LOGIN_TRIES)), LinkProblem.TOO_MANY_TRIES]
    assert await store.codes.look("code", NOW) is LinkProblem.TOO_MANY_TRIES


async def test_logins_that_are_made_at_once_are_all_counted(store: Store):
    await invited(store, "code")

    async with asyncio.TaskGroup() as group:
        tries = [
            group.create_task(store.codes.count_login("code", *ANN, NOW))
            for _ in range(LOGIN_TRIES + 3)
        ]

    refused = [task for task in tries if task.result() is LinkProblem.TOO_MANY_TRIES]
    assert len(refused) == 3


async def test_wrong_logins_are_still_counted_after_a_restart(lasting_url: str, open_again):
    async with open_again(lasting_url) as store:
        await guess(store, PER_PAIR, *ANN)

    async with open_again(lasting_url) as store:
        await invited(store, "code")
        assert await store.codes.count_login("code", *ANN, NOW + MINUTE) == TooSoon(
            wait=WINDOW - MINUTE
        )


async def test_logins_of_one_account_that_are_tried_at_once_are_all_counted(store: Store):
    codes = [f"code {number}" for number in range(PER_PAIR + 3)]
    for code in codes:
        await invited(store, code, chat=code)
    await guess(store, 1, *ANN)  # a pair that is known is locked by its row

    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(store.codes.count_login(code, *ANN, NOW)) for code in codes]

    outcomes = [task.result() for task in tries]
    assert sum(isinstance(outcome, TooSoon) for outcome in outcomes) == 4


async def test_of_wrong_logins_nothing_is_kept_in_clear_or_for_long(store: Store):
    await guess(store, 2, *ANN)

    kept = await wrong_logins(store)
    await store.codes.prune(NOW + WINDOW - SECOND)
    before = await wrong_logins(store)
    await store.codes.prune(NOW + WINDOW)

    assert len(kept) == len(before) == len(Counted)
    assert not [word for word in ANN if word in str(kept)]
    assert await wrong_logins(store) == []


async def guess(store: Store, times: int, who: str, source: str) -> None:
    for number in range(times):
        code = f"guess {number}"
        await invited(store, code, chat=code)
        assert isinstance(await store.codes.count_login(code, who, source, NOW), int)


async def wrong_logins(store: Store) -> list[Any]:
    def read(connection: Any) -> list[Any]:
        return list(connection.execute(select(wrong_login)))

    return await store.database.read(read)


async def test_the_last_login_may_still_be_the_right_one(store: Store):
    await invited(store, "code")
    for _ in range(LOGIN_TRIES):
        await store.codes.count_login("code", *ANN, NOW)

    assert isinstance(await sign_in(store), SignedIn)


async def test_a_good_login_uses_the_address_up(store: Store):
    await invited(store, "code")

    signed_in = await sign_in(store)

    ends = NOW + timedelta(days=7)
    until = NOW + DIGITS_LIFE
    assert signed_in == SignedIn(digits=DIGITS, until=until, label="a***", login_ends=ends)
    assert await store.codes.look("code", NOW) is LinkProblem.USED
    assert await store.codes.count_login("code", *ANN, NOW) is LinkProblem.USED
    assert await sign_in(store) is LinkProblem.USED


async def test_of_logins_that_succeed_at_once_one_counts(store: Store):
    await invited(store, "code")

    async with asyncio.TaskGroup() as group:
        logins = [group.create_task(sign_in(store)) for _ in range(5)]

    assert sum(isinstance(task.result(), SignedIn) for task in logins) == 1


async def test_a_second_login_in_a_chat_replaces_the_first(store: Store):
    await invited(store, "one")
    await invited(store, "two")
    await store.codes.sign_in("one", grant("alice"), "111111", NOW)
    await store.codes.sign_in("two", grant("bob"), "222222", NOW)

    first = await type_digits(store, "111111")
    second = await type_digits(store, "222222")

    assert first == WrongDigits(problem=LinkProblem.WRONG_DIGITS, tries_left=DIGITS_TRIES - 1)
    assert isinstance(second, Completed)
    assert second.account.platform_user == "bob"


# --- the digits ---------------------------------------------------------------------------


async def test_the_right_digits_link_the_chat(store: Store):
    await invited(store, "code")
    await sign_in(store)

    done = await type_digits(store)

    assert isinstance(done, Completed)
    assert (done.others, done.replaced) == ((), None)
    assert await store.links.at(address()) == done.link
    assert done.account.platform_user == "alice"
    assert (done.account.label, done.account.plan) == ("a***", "pro")
    assert await store.accounts.credential(done.account.id) == grant().credential


async def test_nothing_is_linked_before_the_digits_are_typed(store: Store):
    await invited(store, "code")
    await sign_in(store)

    assert await store.links.at(address()) is None
    assert await store.accounts.active() == []


async def test_digits_are_awaited_from_that_person_in_that_chat_for_their_time(store: Store):
    await invited(store, "code")
    before = await store.codes.waiting(address(), "100", NOW)
    await sign_in(store)

    assert not before
    assert await store.codes.waiting(address(), "100", NOW + DIGITS_LIFE - SECOND)
    assert not await store.codes.waiting(address(), "100", NOW + DIGITS_LIFE)
    assert not await store.codes.waiting(address(), "somebody else", NOW)
    assert not await store.codes.waiting(address("another chat"), "100", NOW)


async def test_wrong_digits_are_counted_and_then_end_the_attempt(store: Store):
    await invited(store, "code")
    await sign_in(store)

    tries = [await type_digits(store, WRONG) for _ in range(DIGITS_TRIES)]
    after = await type_digits(store)

    assert tries == [
        WrongDigits(problem=LinkProblem.WRONG_DIGITS, tries_left=2),
        WrongDigits(problem=LinkProblem.WRONG_DIGITS, tries_left=1),
        WrongDigits(problem=LinkProblem.TOO_MANY_TRIES),
    ]
    assert after == WrongDigits(problem=LinkProblem.UNKNOWN)
    assert await store.codes.look("code", NOW) is LinkProblem.TOO_MANY_TRIES
    assert await secrets(store) == ["canary"]


async def test_digits_that_are_guessed_at_once_are_all_counted(store: Store):
    await invited(store, "code")
    await sign_in(store)

    async with asyncio.TaskGroup() as group:
        guesses = [group.create_task(type_digits(store, WRONG)) for _ in range(20)]

    results = [task.result() for task in guesses]
    assert results.count(WrongDigits(problem=LinkProblem.UNKNOWN)) == 20 - DIGITS_TRIES
    assert await type_digits(store) == WrongDigits(problem=LinkProblem.UNKNOWN)


async def test_the_right_digits_come_too_late(store: Store):
    await invited(store, "code")
    await sign_in(store)

    late = await type_digits(store, now=NOW + DIGITS_LIFE)

    assert late == WrongDigits(problem=LinkProblem.EXPIRED)
    assert await store.links.at(address()) is None
    assert await secrets(store) == ["canary"]


async def test_the_right_digits_of_somebody_else_or_elsewhere_do_nothing(store: Store):
    await invited(store, "code")
    await sign_in(store)

    stranger = await type_digits(store, person="200")
    elsewhere = await type_digits(store, chat="elsewhere")

    assert stranger == elsewhere == WrongDigits(problem=LinkProblem.UNKNOWN)
    assert isinstance(await type_digits(store), Completed)


async def test_the_right_digits_work_once(store: Store):
    await invited(store, "code")
    await sign_in(store)

    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(type_digits(store)) for _ in range(5)]

    results = [task.result() for task in tries]
    assert sum(isinstance(result, Completed) for result in results) == 1


# --- who was there before -----------------------------------------------------------------


async def test_a_second_chat_of_an_account_is_not_its_first_and_knows_the_other(store: Store):
    first = await completed(store, chat="1")

    second = await completed(store, chat="2")

    assert second.account == first.account
    assert second.others == (first.link,)


async def test_linking_again_keeps_the_link_and_renews_the_credential(store: Store):
    before = await completed(store)
    await told(store, before.account.id, "a")
    await store.accounts.mark(before.account.id, AccountState.NEEDS_LOGIN)
    await invited(store, "again")
    renewed = replace(grant(secret="newer"), plan="free")
    await store.codes.sign_in("again", renewed, DIGITS, NOW)

    after = await type_digits(store)

    assert isinstance(after, Completed)
    assert (after.link, after.others, after.replaced) == (before.link, (), None)
    assert (after.account.state, after.account.plan) == (AccountState.ACTIVE, "free")
    assert await store.accounts.credential(after.account.id) == renewed.credential
    assert await store.outbox.pending(after.link.endpoint.id) == 1


def inferred(secret: str, user: str = "alice") -> Grant:
    """A login of which only records say whose it is."""
    return replace(grant(user, secret), inferred=True)


@pytest.mark.fault(76)
async def test_a_login_that_is_only_inferred_replaces_no_other_and_leaves_the_address(store: Store):
    before = await completed(store)
    await invited(store, "code", chat="200")

    refused = await store.codes.sign_in("code", inferred("key of mallory"), DIGITS, NOW)
    again = await store.codes.sign_in("code", grant(), DIGITS, NOW)

    assert refused is LinkProblem.NOT_CERTAIN
    assert isinstance(again, SignedIn)
    assert await store.accounts.credential(before.account.id) == grant().credential
    assert await store.accounts.get(before.account.id) == before.account


@pytest.mark.fault(76)
async def test_an_account_that_gets_another_login_meanwhile_keeps_it(store: Store):
    await invited(store, "code", chat="200")
    signed_in = await store.codes.sign_in("code", inferred("key of mallory"), DIGITS, NOW)
    before = await completed(store)

    refused = await type_digits(store, chat="200", person="200")
    again = await type_digits(store, chat="200", person="200")

    assert isinstance(signed_in, SignedIn)
    assert refused == WrongDigits(problem=LinkProblem.NOT_CERTAIN)
    assert again == WrongDigits(problem=LinkProblem.UNKNOWN)
    assert await store.accounts.credential(before.account.id) == grant().credential
    assert await store.links.at(address("200")) is None


@pytest.mark.fault(76)
@pytest.mark.parametrize("known", [True, False], ids=["the same key", "unlinked since"])
async def test_an_inferred_login_is_taken_where_it_replaces_none(store: Store, known: bool):
    await invited(store, "first", chat="200")
    await store.codes.sign_in("first", inferred("key"), DIGITS, NOW)
    first = await type_digits(store, chat="200", person="200")
    assert isinstance(first, Completed)
    if not known:
        await store.links.end(first.link.id, NOW)
    await invited(store, "second", chat="300")

    await store.codes.sign_in("second", inferred("key" if known else "newer"), DIGITS, NOW)
    second = await type_digits(store, chat="300", person="300")

    assert isinstance(second, Completed)
    assert second.account.id == first.account.id


async def test_a_chat_that_is_linked_to_another_account_loses_that_first(store: Store):
    alice = await completed(store, user="alice")
    await told(store, alice.account.id, "a", "b")

    bob = await completed(store, user="bob")

    assert bob.replaced is not None
    assert bob.replaced.id == alice.link.id
    assert bob.others == ()
    assert (await store.outbox.counts())[State.CANCELLED] == 2
    assert await store.accounts.credential(alice.account.id) is None
    found = await store.links.at(address())
    assert found == bob.link


# --- what is kept -------------------------------------------------------------------------


async def test_neither_code_nor_digits_nor_grant_are_kept_readable(store: Store):
    await invited(store, "hash of the code")
    await sign_in(store)

    kept = str(await rows(store))

    assert DIGITS not in kept
    assert grant().credential.secret not in kept
    assert grant().platform_user not in kept


async def test_a_grant_does_not_outlive_its_attempt(store: Store):
    await completed(store)

    owners = await secrets(store)

    assert [owner.partition(":")[0] for owner in owners] == ["account", "canary"]


async def test_a_login_whose_digits_were_never_typed_is_erased(store: Store):
    await invited(store, "code")
    await sign_in(store)

    await store.codes.prune(NOW + DIGITS_LIFE - SECOND)
    waiting = await secrets(store)
    await store.codes.prune(NOW + DIGITS_LIFE)

    assert len(waiting) == 2
    assert await secrets(store) == ["canary"]
    assert await type_digits(store) == WrongDigits(problem=LinkProblem.UNKNOWN)


@pytest.mark.parametrize("digits", ["", "٣١٤١٥٩", "314159 ", "\0", "\ud800", "9" * 10_000])
async def test_whatever_is_typed_instead_of_digits_is_wrong(store: Store, digits: str):
    await invited(store, "code")
    await sign_in(store)

    assert await type_digits(store, digits) == WrongDigits(
        problem=LinkProblem.WRONG_DIGITS, tries_left=DIGITS_TRIES - 1
    )


async def test_a_chat_can_link_after_it_was_unlinked(store: Store):
    chat = await linked(store)
    await store.links.end(chat.id, NOW)

    assert (await completed(store)).link.endpoint == chat.endpoint


async def secrets(store: Store) -> list[str]:
    """Whose secrets are kept; a store in memory has no canary, which is added for comparison."""

    def read(connection: Any) -> list[str]:
        return sorted({*connection.execute(select(secret.c.owner)).scalars(), "canary"})

    return await store.database.read(read)


async def rows(store: Store) -> list[Any]:
    def read(connection: Any) -> list[Any]:
        return [list(connection.execute(select(table))) for table in (attempt, secret)]

    return await store.database.read(read)


# --- a group, linked from a private chat ---------------------------------------------------


async def called(store: Store, code: str = "call", person: str = "100") -> None:
    """An attempt for a group, whose code others have read."""
    group = address("-500")
    invitation = Invitation(
        endpoint=await store.links.endpoint(group, private=False, name="Desk"),
        address=group,
        person=person,
        role=Role.OWNER,
        expires_at=NOW + CODE_LIFE,
        name="Desk",
    )
    await store.codes.invite(code, invitation, NOW)


async def test_a_code_that_others_have_read_is_renewed_once_by_its_person(store: Store):
    await called(store)
    here = await store.links.endpoint(address(), private=True)

    by_another = await store.codes.renew("call", "stolen", here, "200", NOW)
    renewed = await store.codes.renew("call", "page", here, "100", NOW)
    again = await store.codes.renew("call", "another", here, "100", NOW)
    await called(store, "late")
    late = await store.codes.renew("late", "another", here, "100", NOW + CODE_LIFE)

    assert by_another is again is LinkProblem.UNKNOWN
    assert late is LinkProblem.EXPIRED
    assert isinstance(renewed, Invitation)
    assert (renewed.address, renewed.digits_in, renewed.name) == (address("-500"), here, "Desk")
    assert await store.codes.look("page", NOW) == renewed
    assert await store.codes.look("call", NOW) is LinkProblem.UNKNOWN


async def test_its_digits_are_typed_in_the_private_chat_and_link_the_group(store: Store):
    await called(store)
    here = await store.links.endpoint(address(), private=True)
    await store.codes.renew("call", "page", here, "100", NOW)
    await sign_in(store, "page")

    assert await store.codes.waiting(address(), "100", NOW) == address("-500")
    assert await store.codes.waiting(address("-500"), "100", NOW) is None
    elsewhere = await type_digits(store, chat="-500")
    done = await type_digits(store)

    assert elsewhere == WrongDigits(problem=LinkProblem.UNKNOWN)
    assert isinstance(done, Completed)
    assert done.link.endpoint.address == address("-500")
    assert not done.link.endpoint.private
    assert await store.links.at(address()) is None


async def test_only_one_login_waits_for_digits_in_a_private_chat(store: Store):
    await called(store)
    here = await store.links.endpoint(address(), private=True)
    await store.codes.renew("call", "page", here, "100", NOW)
    await sign_in(store, "page")
    await invited(store, "own")
    await sign_in(store, "own")

    assert await store.codes.waiting(address(), "100", NOW) == address()
    assert await store.codes.withdraw(address(), "100", NOW) == 1
    assert await store.codes.waiting(address(), "100", NOW) is None
