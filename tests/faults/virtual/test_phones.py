"""Push services that fail, topics that others know, chains that are cut: rows 49, 50, 81 to 89."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from adapters.chat.connections import Body
from adapters.push.api import NtfyApi, PushoverApi
from adapters.push.listening import ASK_BESIDE_CALLBACKS, PushoverReceipts
from adapters.push.messenger import NtfyMessenger, PushoverMessenger
from bot.domain.actions import Denied
from bot.domain.cards import Card
from bot.domain.chats import Channel, Link
from bot.domain.deliveries import State
from bot.domain.events import Kind
from bot.domain.incoming import Reply, Words
from bot.domain.phones import Service
from bot.ports import Messenger
from bot.services.lock_screen import SignedAddresses
from storage import Store, open_memory
from tests.fakes.messenger import FakeMessenger
from tests.fakes.platform import MALLORY, FakePlatform
from tests.fakes.push import PushWire
from tests.faults.virtual.crashing import ANN, Story, person, place
from tests.faults.virtual.test_crashes import chosen, moments, new_id, recorded, troubles
from tests.harness.failpoints import Fate
from tests.harness.judge import owed
from tests.harness.virtual_time import Clock
from tests.harness.world import CHAT, PUBLIC_URL, World, owl, running
from tests.standins.faults import Answer, Drop, Slow, bad_gateway
from tests.standins.push import ntfy as ntfy_faults
from tests.standins.push import pushover as pushover_faults
from tests.standins.push.ntfy import NtfyServer
from tests.standins.push.pushover import TOKEN, USER, PushoverServer

MINUTE = 60.0
REAL = {"dry_run": False}
CODE = "482913"
"""As the world draws it."""

DISCREET = "A bot needs you"


@dataclass(eq=False)
class Phones:
    """A person with a chat, ntfy and Pushover, of whose lock screens only this is known here."""

    world: World
    platform: FakePlatform
    chat: FakeMessenger
    ntfy: NtfyServer
    pushover: PushoverServer
    ntfy_wire: PushWire
    pushover_wire: PushWire

    async def fails(self) -> None:
        """A bot does, which is an incident."""
        self.platform.put(owl(**REAL, running=False, status="error"))
        await self.world.quiet()

    async def runs_again(self) -> None:
        self.platform.put(owl(**REAL))
        await self.world.quiet()

    async def asks(self, text: str) -> Card:
        replies = await self.world.says(text)
        assert replies[-1].card is not None
        return replies[-1].card

    async def link(self) -> Link:
        found = await self.world.link()
        assert found is not None
        return found

    async def adds_ntfy(self) -> None:
        [card] = await self.world.says("/phone ntfy https://ntfy.example.com")
        await self.world.presses(card, "Send the code")
        await self.asks(CODE)
        self.ntfy.phone.clear()

    async def adds_pushover(self) -> None:
        await self.asks(f"/phone pushover {USER}")
        await self.asks(CODE)
        self.pushover.phone.clear()

    @property
    def seen_in_chat(self) -> bool:
        return any("Seen on the phone" in note for note in self.chat.screen(CHAT)[0].notes)

    def rang(self) -> int:
        """How often ntfy's app has rung."""
        return sum(one.rang for one in self.ntfy.screen())


@asynccontextmanager
async def phones_of(
    store: Store, platform: FakePlatform, chat: FakeMessenger, now: Callable[[], datetime]
) -> AsyncIterator[Phones]:
    """One process, with both push services behind their real messengers."""
    ntfy, pushover = NtfyServer(), PushoverServer()
    ntfy_wire, pushover_wire = PushWire(ntfy, now), PushWire(pushover, now)
    addresses = SignedAddresses(store.vault, PUBLIC_URL)
    api = PushoverApi(pushover_wire, "https://pushover.example", TOKEN)
    messengers: list[Messenger] = [
        NtfyMessenger(NtfyApi(ntfy_wire), store.phones, now, addresses),
        PushoverMessenger(api, store.phones, now, addresses),
    ]
    receipts = PushoverReceipts(api, store.phones, now, called_back=True)
    platform.bots["owl"] = owl(**REAL)
    async with (
        running(store, platform, chat, now, others=messengers) as world,
        asyncio.TaskGroup() as group,
    ):
        listening = group.create_task(receipts.listen(world.router.hear))
        await world.goes_live()
        await world.says("/escalate phone at once, again after 2 min, again after 5 loud")
        await world.quiet()
        chat.shown.clear()
        yield Phones(world, platform, chat, ntfy, pushover, ntfy_wire, pushover_wire)
        listening.cancel()


@pytest.fixture
async def phones(store, platform, chat, now) -> AsyncIterator[Phones]:
    async with phones_of(store, platform, chat, now) as made:
        yield made


# --- somebody else's ----------------------------------------------------------------------


@pytest.mark.fault(49)
async def test_what_belongs_to_another_person_now_is_told_nothing_more(phones: Phones):
    await phones.adds_ntfy()
    await phones.adds_pushover()
    phones.ntfy.token = "of another"
    phones.pushover.users = {"somebody else": {"iphone"}}
    await phones.fails()
    asked = len(phones.ntfy.calls), len(phones.pushover.calls)
    await phones.world.quiet(3600)
    status = await phones.asks("/status")

    assert (phones.ntfy.screen(), phones.pushover.phone) == ([], [])
    assert (len(phones.ntfy.calls), len(phones.pushover.calls)) == asked, "one try each"
    told = [title for title in phones.chat.titles(CHAT) if "Phone" in title]
    assert len(told) == 2, "both are said to be closed"
    assert "phone cannot be reached any more" in str(status)


@pytest.mark.fault(49)
async def test_a_chat_that_becomes_another_account_s_takes_its_phone_along_to_nobody(
    phones: Phones,
):
    await phones.adds_ntfy()
    phones.ntfy_wire.away = True
    await phones.fails()
    await phones.world.links(email=MALLORY)
    phones.ntfy_wire.away = False
    asked = len(phones.ntfy.calls)
    await phones.world.quiet(3600)

    assert phones.ntfy.screen() == []
    assert len(phones.ntfy.calls) == asked


@pytest.mark.fault(85)
async def test_a_subscription_that_is_gone_is_said_and_a_test_that_rings_opens_it(phones: Phones):
    await phones.adds_pushover()
    phones.pushover.users.clear()
    await phones.fails()
    closed = await phones.asks("/phone")
    phones.pushover.users = {USER: {"iphone"}}
    await phones.asks("/phone test")
    await phones.world.quiet(30)

    assert any("closed to me" in line for line in closed.lines)
    assert [one.priority for one in phones.pushover.phone] == [1, 2], "the test, then what was held"


# --- how loud -----------------------------------------------------------------------------


async def test_the_second_ring_is_louder_than_the_first_on_each_service(phones: Phones):
    """As the steps are if nobody has changed them: after two minutes, loudly after five."""
    await phones.adds_ntfy()
    await phones.adds_pushover()
    await phones.asks("/escalate default")
    await phones.fails()
    before = phones.rang(), len(phones.pushover.phone)
    await phones.world.quiet(2 * MINUTE)
    first = [one.priority for one in phones.ntfy.screen()]
    await phones.world.quiet(3 * MINUTE)

    [shown] = phones.ntfy.screen()
    assert before == (0, 0), "the chats alone"
    assert first == [4]
    assert (shown.priority, shown.rang) == (5, 2)
    rung = [(one.priority, one.ringing) for one in phones.pushover.phone]
    assert rung == [(1, False), (2, True)], "once, then until somebody has seen it"


# --- away, slow, and of unknown outcome ---------------------------------------------------


@pytest.mark.fault(50)
async def test_an_hour_without_push_delays_no_chat_and_loses_nothing(phones: Phones, store):
    await phones.adds_ntfy()
    await phones.adds_pushover()
    phones.ntfy_wire.away = phones.pushover_wire.away = True
    await phones.fails()
    in_chat = phones.chat.titles(CHAT)
    await phones.world.quiet(55 * MINUTE)
    during = [*phones.ntfy.screen(), *phones.pushover.phone]
    phones.ntfy_wire.away = phones.pushover_wire.away = False
    await phones.world.quiet(16 * MINUTE)

    assert len(in_chat) == 1
    assert during == []
    items = [one for one in await owed(store) if one.kind is Kind.ESCALATION]
    assert len(items) == 4, "two steps for each phone"
    assert {one.state for one in items} == {State.SENT}
    assert phones.rang() == 3, "the alert and both steps, each once"
    assert len(phones.ntfy.screen()) == 1, "each in the place of what was there"
    assert len(phones.pushover.phone) == 3


@pytest.mark.fault(50)
async def test_what_is_seen_while_push_is_away_rings_nobody_later(phones: Phones):
    await phones.adds_ntfy()
    await phones.adds_pushover()
    phones.ntfy_wire.away = phones.pushover_wire.away = True
    await phones.fails()
    await phones.world.quiet(6 * MINUTE)
    await phones.world.reacts(phones.chat.shown[0].message)
    phones.ntfy_wire.away = phones.pushover_wire.away = False
    await phones.world.quiet(20 * MINUTE)

    assert phones.rang() == 0
    assert [one.priority for one in phones.ntfy.screen()] == [2]
    assert [(one.priority, one.ringing) for one in phones.pushover.phone] == [(-1, False)]


@pytest.mark.fault(81)
@pytest.mark.parametrize("seconds", [9, 60])
async def test_a_slow_push_server_holds_up_nobody_else(phones: Phones, seconds):
    await phones.adds_ntfy()
    await phones.adds_pushover()
    phones.ntfy.fail(Slow(seconds=seconds), times=None)
    began = phones.world.now()
    await phones.fails()

    assert len(phones.chat.titles(CHAT)) == 1
    assert phones.chat.shown[-1].at - began < timedelta(seconds=2)
    assert len(phones.pushover.phone) == 1
    await phones.world.quiet(20)
    assert len(phones.ntfy.screen()) == 1, "a repeat takes its place"


@pytest.mark.fault(82)
async def test_what_was_shown_and_answered_with_an_error_stands_there_once(phones: Phones, store):
    await phones.adds_ntfy()
    phones.ntfy.fail(bad_gateway(executes=True), times=3)
    await phones.fails()
    await phones.world.quiet(100)

    assert len(phones.ntfy.screen()) == 1
    assert 1 < phones.rang() <= 4, "each repeat may ring"
    [alert] = [one for one in await owed(store) if "Phone" not in one.title and one.unclear]
    assert alert.state is State.SENT


@pytest.mark.fault(82)
async def test_on_pushover_each_repeat_says_that_it_may_be_one(phones: Phones):
    await phones.adds_pushover()
    phones.pushover.fail(bad_gateway(executes=True), path="messages.json", times=None)
    await phones.fails()
    await phones.world.quiet(115)

    first, *copies = [one.message for one in phones.pushover.phone]
    assert len(copies) == 2, "urgent: two more at most (G5)"
    assert "shown before" not in first
    assert all("This may have been shown before." in one for one in copies)


@pytest.mark.fault(83)
async def test_what_must_slow_down_waits_as_told_and_repeats_nothing(phones: Phones, now):
    await phones.adds_ntfy()
    await phones.adds_pushover()
    phones.ntfy.fail(ntfy_faults.slow_down(90))
    reset = int(now().timestamp()) + 60
    phones.pushover.fail(pushover_faults.slow_down(reset), path="messages.json")
    asked = len(phones.ntfy.calls), len(phones.pushover.calls)
    await phones.fails()
    await phones.world.quiet(40)
    waiting = len(phones.ntfy.calls) - asked[0], len(phones.pushover.calls) - asked[1]
    await phones.world.quiet(60)

    assert waiting == (1, 1)
    assert (len(phones.ntfy.screen()), phones.rang()) == (1, 1)
    assert len(phones.pushover.phone) == 1


@pytest.mark.fault(84)
async def test_a_receipt_that_was_lost_is_made_good_by_that_of_the_repeat(phones: Phones):
    await phones.adds_pushover()
    phones.pushover.fail(Drop(executes=True), path="messages.json")
    await phones.fails()
    await phones.world.quiet(10)
    ringing = [one.ringing for one in phones.pushover.phone]
    phones.pushover.acknowledge()
    await phones.world.quiet(ASK_BESIDE_CALLBACKS + 5)

    assert ringing == [True, True]
    assert phones.seen_in_chat
    await phones.world.quiet(3600)
    assert len(phones.pushover.phone) == 2, "it goes no further"


@pytest.mark.fault(84)
@pytest.mark.parametrize("status", [404, 429, 500])
async def test_receipts_that_cannot_be_read_now_are_read_later(phones: Phones, status):
    await phones.adds_pushover()
    await phones.fails()
    broken = Answer(status=status, body=b'{"status": 0}')
    phones.pushover.fail(broken, path="/receipts/", times=1)
    await phones.world.quiet(ASK_BESIDE_CALLBACKS)
    phones.pushover.acknowledge()
    await phones.world.quiet(2 * ASK_BESIDE_CALLBACKS)

    # One that Pushover does not know is not asked for again: it cannot be acknowledged either.
    assert phones.seen_in_chat is (status != 404)


# --- who else reads or writes there -------------------------------------------------------


@pytest.mark.fault(86)
async def test_who_knows_the_topic_reads_no_names_and_can_only_say_that_it_is_seen_to(
    phones: Phones, store
):
    await phones.adds_ntfy()
    await phones.fails()
    link = await phones.link()
    sent = phones.ntfy.calls[-1].body
    [seen, held, opened] = sent["actions"]
    account = await store.accounts.get(link.account)
    assert account is not None

    assert (sent["title"], sent["message"]) == ("Tradebell", DISCREET)
    for known in ("Night Owl", "owl", link.id, link.account, account.label, CHAT):
        assert known not in str({**sent, "actions": [], "click": ""})
    code = seen["url"].rpartition("/")[2]
    assert {*sent} == {
        *("topic", "title", "message", "priority", "tags", "click", "actions", "sequence_id")
    }
    forged = code[:-1] + ("A" if code[-1] != "A" else "B")
    assert await phones.world.lock_screen.press(forged) is Denied.UNKNOWN
    await phones.world.lock_screen.press(code)
    await phones.world.quiet()
    assert phones.seen_in_chat, "whoever it was, everybody is told"
    assert not any(one.startswith("set_running") for one in phones.platform.calls)
    assert opened["url"] == seen["url"] != held["url"]


@pytest.mark.fault(86)
async def test_what_others_write_into_the_topic_changes_nothing_here(phones: Phones, store):
    await phones.adds_ntfy()
    [topic] = {call.body["topic"] for call in phones.ntfy.calls if call.method == "POST"}
    before = await owed(store)
    forged = {"topic": topic, "message": CODE, "priority": 5}
    await phones.ntfy_wire.ask(
        "POST", "https://ntfy.example.com/", body=Body(json.dumps(forged).encode()), headers={}
    )
    await phones.world.quiet(3600)

    assert await owed(store) == before


# --- the chain ------------------------------------------------------------------------------


@pytest.mark.fault(89)
@pytest.mark.parametrize("hours", [1, -1, 72, -24 * 30])
async def test_a_clock_that_steps_amid_a_chain_takes_no_step_twice_and_leaves_none_out(
    store, platform, now, hours
):
    clock = Clock(now)
    async with phones_of(store, platform, FakeMessenger(now=clock), clock) as phones:
        await phones.adds_ntfy()
        await phones.fails()
        await phones.world.quiet(2.5 * MINUTE)
        half = phones.rang()
        clock.off += timedelta(hours=hours)
        await phones.world.quiet(10 * MINUTE)

        steps = [one for one in await owed(store) if one.kind is Kind.ESCALATION]
        assert half == 2
        assert len(steps) == 2
        assert phones.rang() == 3
        await phones.world.lock_screen.press(last_code(phones))
        await phones.runs_again()
        link = await phones.link()
        assert await store.incidents.unseen(link.account) == []


def last_code(phones: Phones) -> str:
    """Of the button on the lock screen that is the youngest."""
    return str(phones.ntfy.screen()[-1].actions[0]["url"]).rpartition("/")[2]


class Unseen(Story):
    """Ann's bot fails, nobody sees it for three steps, two on her phone, then she does."""

    began = 0
    """How many points were passed before it failed."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.platform.bots["owl"] = owl(**REAL)
        self.phone = FakeMessenger(
            now=self.now, seconds=0.2, channel=Channel.PUSH, bot=Service.NTFY
        )

    @asynccontextmanager
    async def process(self, fate: Fate) -> AsyncIterator[World]:
        self.fate = fate
        async with super().process(fate) as world:
            yield world

    async def happens(self, world: World) -> None:
        await self.links(world, ANN)
        await self._adds_phone()
        await self.asks(ANN, "escalate phone after 2 min, telegram after 3, phone after 4")
        self.began = len(self.fate.passed)
        await self._alarms()
        await asyncio.sleep(4.5 * MINUTE)
        await self.presses(ANN, Reply(card=self.chat.shown[-1].card), "Seen")
        await asyncio.sleep(10)

    async def _adds_phone(self) -> None:
        added = await self.asks(ANN, "phone ntfy https://ntfy.example.com")
        await self.presses(ANN, added, "Send the code")
        await self.hears(Words(place=place(ANN), person=person(ANN), text=CODE))

    async def after(self) -> None:
        """Whatever was still due comes."""
        await asyncio.sleep(1)
        async with self.process(Fate()):
            await asyncio.sleep(6 * MINUTE)
        await super().after()


@pytest.mark.fault(88)
async def test_a_crash_at_each_step_of_a_chain_takes_none_twice_and_leaves_none_out(now):
    with open_memory(now, new_id) as store:
        story = Unseen(store, now)
        passed = await recorded(story)
        points = [one for one in chosen(moments(passed)) if one in passed[story.began :]]
    wrong = []
    for point in points:
        with open_memory(now, new_id) as store:
            story = Unseen(store, now)
            wrong.append(await troubles(story, point))
            steps = [one for one in await owed(store) if one.kind is Kind.ESCALATION]
            taken = Counter(one.chat == ANN for one in steps)
            if taken != {False: 2, True: 1}:
                wrong.append(f"\n{point}: {taken} {steps}")

    whats = {point.what for point in points}
    assert "commit of storage.escalation._escalate" in whats
    assert "commit of storage.outbox.sightings._note" in whats
    assert {"call of Phone.send", "call of Messenger.send"} <= whats
    assert "".join(wrong) == ""
