"""Chats that others read: what they are called, who has linked them, and what others may do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, text

from bot.domain.chats import Link, Role
from bot.domain.events import Event
from bot.domain.ids import LinkId
from bot.domain.ingesting import Known, NewsDecision
from bot.domain.lifetimes import CODE_LIFE
from bot.domain.linking import Completed, Invitation, LinkProblem, WrongDigits
from bot.errors import Refused
from storage import Store
from storage.accounts.codes import _Try as Try
from tests.contract.storage.conftest import OpenStore
from tests.contract.storage.given import (
    DIGITS,
    NOW,
    address,
    claimed,
    completed,
    fact,
    grant,
    linked,
    tell_all,
    told,
)

DESK = "900"
READERS = "everyone who can read #desk"


async def typed(
    store: Store, person: str, user: str = "alice", chat: str = DESK
) -> Completed | WrongDigits:
    """Digits of somebody who was invited to link a shared chat, and has logged in."""
    await signed_in(store, person, user, chat)
    return await store.codes.complete(address(chat), person, DIGITS, NOW)


async def signed_in(store: Store, person: str, user: str, chat: str = DESK) -> None:
    invitation = Invitation(
        endpoint=await store.links.endpoint(address(chat), private=False, name="#desk"),
        address=address(chat),
        person=person,
        role=Role.OWNER,
        expires_at=NOW + CODE_LIFE,
        name="#desk",
        readers=READERS,
    )
    await store.codes.invite(f"code of {person} for {user}", invitation, NOW)
    await store.codes.sign_in(f"code of {person} for {user}", grant(user), DIGITS, NOW)


async def shared(store: Store, person: str = "ann", user: str = "alice") -> Completed:
    done = await typed(store, person, user)
    assert isinstance(done, Completed)
    return done


async def test_an_invitation_says_who_reads_along(store: Store):
    invitation = Invitation(
        endpoint=await store.links.endpoint(address(DESK), private=False, name="#desk"),
        address=address(DESK),
        person="ann",
        role=Role.OWNER,
        expires_at=NOW + CODE_LIFE,
        name="#desk",
        readers=READERS,
    )
    await store.codes.invite("code", invitation, NOW)

    assert await store.codes.look("code", NOW) == invitation


async def test_a_chat_is_called_as_it_was_last(store: Store):
    await shared(store)

    await store.links.endpoint(address(DESK), private=False, name="#floor")
    await store.links.endpoint(address(DESK), private=False)

    link = await store.links.at(address(DESK))
    assert link is not None
    assert (link.endpoint.name, link.endpoint.private) == ("#floor", False)


async def test_who_is_told_of_a_fact_is_called_as_it_was_last(store: Store):
    done = await shared(store)
    await told(store, done.account.id, "a")
    await store.links.endpoint(address(DESK), private=False, name="#floor")

    [link] = await heard_by(store, done)

    assert link.endpoint.name == "#floor"


async def test_who_is_told_of_a_fact_may_do_what_was_allowed_last(store: Store):
    done = await shared(store)
    await told(store, done.account.id, "a")
    await store.links.prefer(done.link.id, partial(replace, members=Role.VIEWER), NOW)

    [link] = await heard_by(store, done)

    assert link.preferences.members is Role.VIEWER


async def heard_by(store: Store, done: Completed) -> Sequence[Link]:
    """The links that ingest knows of when something happens now."""
    links: list[Link] = []

    def decide(event: Event, known: Known) -> NewsDecision:
        links.extend(known.links)
        return tell_all()(event, known)

    await store.inbox.ingest(done.account.id, [fact("b")], decide, NOW)
    return links


async def test_a_shared_chat_stays_with_who_linked_it(store: Store):
    before = await shared(store)

    refused = await typed(store, "bob", "bob")

    assert refused == WrongDigits(problem=LinkProblem.TAKEN)
    assert await store.links.at(address(DESK)) == before.link
    assert [account.id for account in await store.accounts.active()] == [before.account.id]
    assert await store.codes.complete(address(DESK), "bob", DIGITS, NOW) == WrongDigits(
        problem=LinkProblem.UNKNOWN
    )


async def test_who_linked_it_may_link_another_account(store: Store):
    before = await shared(store)

    after = await typed(store, "ann", "bob")

    assert isinstance(after, Completed)
    assert after.replaced == before.link


async def test_what_others_may_do_is_kept_with_the_link(store: Store):
    done = await shared(store)

    await store.links.prefer(done.link.id, partial(replace, members=Role.VIEWER), NOW)
    allowed = await store.links.at(address(DESK))
    await store.links.prefer(done.link.id, partial(replace, members=None), NOW)
    taken_back = await store.links.at(address(DESK))

    assert allowed is not None
    assert (allowed.role_of("ann"), allowed.role_of("bob")) == (Role.OWNER, Role.VIEWER)
    assert taken_back is not None
    assert taken_back.role_of("bob") is None


async def test_what_one_person_may_do_is_kept_whatever_the_others_may(store: Store):
    done = await shared(store)
    people = (("bob", Role.OPERATOR), ("eve", None))

    for change in (partial(replace, members=Role.VIEWER), partial(replace, people=people)):
        await store.links.prefer(done.link.id, change, NOW)

    link = await store.links.at(address(DESK))
    assert link is not None
    assert link.preferences.people == people
    roles = [link.role_of(person) for person in ("ann", "bob", "carl", "eve")]
    assert roles == [Role.OWNER, Role.OPERATOR, Role.VIEWER, None]


async def test_in_a_private_chat_nobody_else_has_a_role(store: Store):
    link = await linked(store, "100")

    theirs = (("stranger", Role.OPERATOR),)
    await store.links.prefer(link.id, partial(replace, members=Role.OPERATOR, people=theirs), NOW)

    found = await store.links.at(address("100"))
    assert found is not None
    assert found.role_of("stranger") is None


async def test_nothing_is_allowed_under_a_link_that_has_ended(store: Store):
    done = await shared(store)
    await store.links.end(done.link.id, NOW)

    for link in (done.link.id, LinkId("nobody's")):
        with pytest.raises(Refused):
            await store.links.prefer(link, partial(replace, members=Role.VIEWER), NOW)


async def test_an_item_for_a_shared_chat_names_who_linked_it(store: Store):
    done, alone = await shared(store), await completed(store, "100", "alice")
    await told(store, done.account.id, "a")

    in_shared = await claimed(store, done.link.endpoint.id)
    in_private = await claimed(store, alone.link.endpoint.id)

    assert (in_shared.host, in_private.host) == ("ann", None)


async def test_an_item_that_is_claimed_with_its_ingestion_names_them_too(store: Store):
    done, alone = await shared(store), await completed(store, "100", "alice")
    idle = frozenset({done.link.endpoint.id, alone.link.endpoint.id})

    ingested = await store.inbox.ingest(done.account.id, [fact("a")], tell_all(), NOW, None, idle)

    hosts = {claimed.endpoint: claimed.host for claimed in ingested.preclaimed}
    assert hosts == {done.link.endpoint.id: "ann", alone.link.endpoint.id: None}


@pytest.mark.parametrize("lasting_url", ["postgresql"], indirect=True)
async def test_of_two_processes_that_link_a_chat_at_once_the_first_has_it(
    lasting_url: str, open_again: OpenStore
):
    async with open_again(lasting_url) as store, open_again(lasting_url) as other:
        for person, user in (("ann", "alice"), ("bob", "bob")):
            await signed_in(store, person, user)
        complete = store.codes._complete_all

        def dawdling(connection: Connection, tries: Sequence[Any]) -> Any:
            done = complete(connection, tries)
            connection.execute(text("SELECT pg_sleep(0.5)"))
            return done

        digits = Try(address(DESK), "ann", DIGITS, NOW)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(store.database.write(dawdling, digits))
            await asyncio.sleep(0.2)
            second = group.create_task(other.codes.complete(address(DESK), "bob", DIGITS, NOW))

    assert isinstance(first.result(), Completed)
    assert second.result() == WrongDigits(problem=LinkProblem.TAKEN)
