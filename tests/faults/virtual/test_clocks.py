"""Our wall clock set back or ahead: waits inside the process do not notice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.accounts import PasswordLogin
from bot.domain.deliveries import Postponed
from bot.domain.events import Stream
from bot.domain.lifetimes import CODE_LIFE, CONFIRM_LIFE, DIGITS_LIFE
from bot.domain.linking import LinkProblem, SignedIn
from bot.domain.wrong_logins import PER_PAIR, WINDOW
from tests.fakes.messenger import FakeMessenger
from tests.harness.virtual_time import Clock
from tests.harness.world import CHAT, code_in, owl, running

RIGHT = PasswordLogin(email="alice@example.com", password="right")
WRONG = PasswordLogin(email="alice@example.com", password="guess")

pytestmark = pytest.mark.parametrize("hours", [1, -1, 72, -24 * 30])


@pytest.fixture
def clock(now):
    return Clock(now)


@pytest.fixture
def chat(clock):
    return FakeMessenger(now=clock)


@pytest.mark.fault(72)
async def test_a_delivery_is_tried_again_as_soon_as_it_would_have_been(
    store, platform, chat, clock, hours
):
    async with running(store, platform, chat, clock) as world:
        await world.goes_live()
        chat.script(CHAT, *[Postponed(reason="refused", counts=True)] * 3)
        platform.store(Stream.TRADES, world.trade(1, platform.clock()))
        await world.quiet(0.5)
        clock.off += timedelta(hours=min(hours, 1))
        began = platform.clock()

        await world.until(lambda: chat.shown)

        assert platform.clock() - began < timedelta(seconds=15)


@pytest.mark.fault(72)
async def test_a_delivery_is_tried_again_by_a_process_that_starts_with_another_clock(
    store, platform, chat, clock, hours
):
    async with running(store, platform, chat, clock) as world:
        await world.goes_live()
        chat.script(CHAT, Postponed(reason="slow", retry_after=timedelta(seconds=20)))
        platform.store(Stream.TRADES, world.trade(1, platform.clock()))
        await world.quiet(0.5)
    clock.off += timedelta(hours=min(hours, 1))
    async with running(store, platform, chat, clock) as world:
        await world.quiet(30)

        assert len(chat.shown) == 1


@pytest.mark.fault(72)
async def test_the_echo_of_what_a_person_asked_for_is_known_as_one(
    store, platform, chat, clock, hours
):
    async with running(store, platform, chat, clock) as world:
        await world.goes_live()
        link = await world.link()
        assert link is not None
        world.ingest.expect(owl().id, False, link.endpoint.id)
        clock.off += timedelta(hours=hours)

        platform.put(owl(running=False, status="stopped"))
        await world.quiet()

        assert chat.shown == []


@pytest.mark.fault(72)
async def test_a_login_neither_ends_nor_is_renewed_by_a_step(store, platform, chat, clock, hours):
    async with running(store, platform, chat, clock) as world:
        account = await world.goes_live()
        current = await store.accounts.credential(account.id)
        await store.accounts.renew(account.id, _ending(current, clock() + timedelta(hours=30)))
        await world.feeds.credential_renewed(account)
        await world.quiet(5)
        clock.off += timedelta(hours=hours)
        await world.quiet(3600)

        assert chat.shown == []
        assert platform.calls.count("renew") == 0
        assert world.is_live(account)


@pytest.mark.fault(72)
async def test_a_card_works_no_longer_than_it_says(store, platform, chat, clock, hours):
    async with running(store, platform, chat, clock) as world:
        await world.goes_live()
        [asked] = await world.says("/pause night owl")
        clock.off += timedelta(hours=hours)
        await world.quiet(CONFIRM_LIFE.total_seconds() + 5)

        [late] = await world.presses(asked, "Stop Night Owl")

        assert late.toast is not None
        assert late.toast.startswith("Too late")
        assert platform.bots["owl"].running


@pytest.mark.fault(72)
async def test_an_address_and_its_digits_work_no_longer_than_they_say(
    store, platform, chat, clock, hours
):
    async with running(store, platform, chat, clock) as world:
        [first] = await world.says("/link")
        signed_in = await world.linking.sign_in(code_in(first), RIGHT, "127.0.0.1")
        [second] = await world.says("/link")
        clock.off += timedelta(hours=hours)
        await world.quiet(max(CODE_LIFE, DIGITS_LIFE).total_seconds() + 5)

        assert await world.linking.look(code_in(second)) is LinkProblem.EXPIRED
        assert isinstance(signed_in, SignedIn)
        await world.says(signed_in.digits)
        assert await world.link() is None


@pytest.mark.fault(72)
async def test_wrong_logins_are_held_against_nobody_for_longer_than_is_said(
    store, platform, chat, clock, hours
):
    async with running(store, platform, chat, clock) as world:
        for number in range(PER_PAIR + 1):
            [reply] = await world.says("/link", str(number))
            await world.linking.sign_in(code_in(reply), WRONG, "127.0.0.1")
        clock.off += timedelta(hours=hours)
        await world.quiet(WINDOW.total_seconds() + 5)
        [reply] = await world.says("/link")

        assert isinstance(await world.linking.sign_in(code_in(reply), RIGHT, "127.0.0.1"), SignedIn)


def _ending(credential, ends):
    return replace(credential, expires_at=ends)
