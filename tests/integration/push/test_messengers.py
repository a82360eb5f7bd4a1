"""What phones show of our cards, through both push services, on real connections."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.chat.connections import Connections
from adapters.push.api import NtfyApi, PushoverApi
from adapters.push.faults import REASONS
from adapters.push.messenger import NtfyMessenger, PushoverMessenger
from bot.domain.cards import Button, Card, Severity, seen
from bot.domain.deliveries import Declined, Gone, Halted, Postponed, Scope, Sent, Unknown
from bot.domain.hosts import is_public
from bot.domain.ids import ActionId
from bot.domain.phones import NtfyTarget, PhoneTarget, PushoverTarget, Service, address_of
from tests.fakes.phones import OWNER, FakeAddresses, FakeTargets
from tests.standins.faults import Drop
from tests.standins.push import ntfy as ntfy_standin
from tests.standins.push import pushover as pushover_standin
from tests.standins.push.ntfy import NtfyServer
from tests.standins.push.pushover import TOKEN, USER, PushoverServer

NOW = datetime(2026, 11, 22, 12, 4, tzinfo=UTC)
TOPIC = "tradebell-Ab3-_c"
BELL = "https://bell.example.org"
ALARM = Card(
    title="Grid BTC: error",
    severity=Severity.CRITICAL,
    lines=("The exchange said no.",),
    buttons=((Button(label="Seen", action=ActionId("a1"), until_seen=True),),),
    at=NOW,
    reference="A7B2C3",
)
COUNTED = Card(title="x2: odd", severity=Severity.WARNING, reference="A7B2C3", at=NOW)
NTFY = address_of(Service.NTFY, "phone")
PUSHOVER = address_of(Service.PUSHOVER, "phone")


class Ntfy:
    def __init__(self, server: NtfyServer, connections: Connections) -> None:
        self.server = server
        self._connections = connections
        self.targets = FakeTargets({})
        self.aims(NtfyTarget(server=server.url, topic=TOPIC))
        self.messenger = self.reached_at("")

    def reached_at(self, place: str) -> NtfyMessenger:
        """
        Args:
            place: where phones reach our pages; empty if they do not.
        """
        api = NtfyApi(self._connections)
        return NtfyMessenger(api, self.targets, lambda: NOW, FakeAddresses(place))

    def aims(
        self, target: NtfyTarget, *, details: bool = True, updates: bool | None = None
    ) -> None:
        found = PhoneTarget(target=target, account=OWNER, details=details, updates=updates)
        self.targets.targets[NTFY] = found


@pytest.fixture
async def ntfy() -> AsyncIterator[Ntfy]:
    async with NtfyServer() as server, Connections() as connections:
        yield Ntfy(server, connections)


async def test_an_alarm_rings_through_silence_with_what_happened(ntfy: Ntfy):
    outcome = await ntfy.messenger.send(NTFY, ALARM)

    [shown] = ntfy.server.screen(TOPIC)
    assert outcome == Sent(message="A7B2C3")
    assert shown.title == "Critical · Grid BTC: error"
    assert shown.message == "The exchange said no.\n12:04 UTC · ref A7B2C3"
    assert (shown.priority, shown.rang, shown.tags) == (5, 1, ["rotating_light"])


@pytest.mark.parametrize(
    ("severity", "sound", "priority"),
    [
        (Severity.CRITICAL, False, 2),
        (Severity.WARNING, None, 4),
        (Severity.INFO, None, 2),
        (Severity.INFO, True, 3),
    ],
)
async def test_how_loud_it_is_follows_how_bad_it_is(ntfy: Ntfy, severity, sound, priority):
    await ntfy.messenger.send(NTFY, replace(ALARM, severity=severity, sound=sound))

    assert [one.priority for one in ntfy.server.screen()] == [priority]


async def test_a_phone_that_is_offline_gets_it_later_whatever_is_sent(ntfy: Ntfy):
    """What ntfy keeps and forwards unless it is told otherwise."""
    for reference, card in enumerate((ALARM, COUNTED, replace(ALARM, sound=False))):
        await ntfy.messenger.send(NTFY, replace(card, reference=f"A7B2C{reference + 2}"), NOW)
    await ntfy.messenger.amend(NTFY, "A7B2C2", replace(ALARM, notes=("Again.",)))

    screen = ntfy.server.screen()
    assert [(one.cached, one.forwarded) for one in screen] == [(True, True)] * 3
    assert all("cache" not in call.body for call in ntfy.server.calls)


@pytest.mark.parametrize(
    ("severity", "words"),
    [
        (Severity.CRITICAL, "A bot needs you"),
        (Severity.WARNING, "A bot has a warning for you"),
        (Severity.GOOD, "News of your bots"),
    ],
)
async def test_a_lock_screen_shows_no_names_and_no_amounts_unless_asked_for(
    ntfy: Ntfy, severity, words
):
    ntfy.aims(NtfyTarget(server=ntfy.server.url, topic=TOPIC), details=False)
    link = Button(label="Open Grid BTC", url="https://example.com/grid")

    await ntfy.messenger.send(NTFY, replace(ALARM, severity=severity, buttons=((link,),)))

    [shown] = ntfy.server.screen()
    assert (shown.title, shown.message, shown.actions) == ("Tradebell", words, ())


async def test_links_can_be_opened_from_the_phone_three_at_most(ntfy: Ntfy):
    links = tuple(Button(label=f"{n}", url=f"https://example.com/{n}") for n in range(5))

    await ntfy.messenger.send(NTFY, replace(ALARM, buttons=(links,)))

    [shown] = ntfy.server.screen()
    assert [one["label"] for one in shown.actions] == ["0", "1", "2"]
    assert ntfy.server.calls[0].body["click"] == "https://example.com/0"


async def test_that_it_was_seen_can_be_said_on_the_lock_screen(ntfy: Ntfy):
    hold = Button(label="I have it 2 h", action=ActionId("a2"), until_seen=True)
    stop = Button(label="Stop Grid BTC", action=ActionId("a3"))
    link = Button(label="Grid BTC", url="https://example.com/grid")
    card = replace(ALARM, buttons=((stop, link), (*ALARM.buttons[0], hold)))
    ntfy.aims(NtfyTarget(server=ntfy.server.url, topic=TOPIC), details=False)

    await ntfy.reached_at(BELL).send(NTFY, card)

    press = {"action": "http", "method": "POST", "clear": True}
    [shown] = ntfy.server.screen()
    assert shown.actions == [
        {**press, "label": "Seen", "url": f"{BELL}/seen/a1.signed"},
        {**press, "label": "I have it 2 h", "url": f"{BELL}/seen/a2.signed"},
        {"action": "view", "label": "Open", "url": f"{BELL}/seen/a1.signed"},
    ]
    assert ntfy.server.calls[0].body["click"] == f"{BELL}/seen/a1.signed"


async def test_where_no_phone_reaches_our_pages_nothing_is_offered(ntfy: Ntfy):
    await ntfy.reached_at("").send(NTFY, ALARM)

    assert "actions" not in ntfy.server.calls[0].body
    assert "click" not in ntfy.server.calls[0].body


async def test_what_is_too_long_is_cut_between_characters(ntfy: Ntfy):
    await ntfy.messenger.send(NTFY, replace(ALARM, lines=("😀" * 2000,)))

    [shown] = ntfy.server.screen()
    assert shown.message == "😀" * 1024


async def test_a_repeat_takes_the_place_of_what_shows_already(ntfy: Ntfy):
    ntfy.server.fail(Drop(executes=True))

    first = await ntfy.messenger.send(NTFY, ALARM)
    again = await ntfy.messenger.send(NTFY, ALARM, NOW)

    assert (type(first), type(again)) == (Unknown, Sent)
    assert len(ntfy.server.screen()) == 1
    assert not ntfy.messenger.repeats.marked


async def test_what_was_seen_elsewhere_goes_from_the_phone(ntfy: Ntfy):
    sent = await ntfy.messenger.send(NTFY, ALARM)
    assert isinstance(sent, Sent)

    outcomes = [
        await ntfy.messenger.amend(NTFY, sent.message, seen(ALARM, "Seen in Discord"))
        for _ in range(2)
    ]

    assert outcomes == [sent, sent]
    assert ntfy.server.screen() == []


async def test_what_was_told_again_more_quietly_goes_too_once_it_was_seen(ntfy: Ntfy):
    reminder = replace(ALARM, severity=Severity.WARNING, sound=True)
    sent = await ntfy.messenger.send(NTFY, reminder)
    assert isinstance(sent, Sent)

    await ntfy.messenger.amend(NTFY, sent.message, seen(reminder, "Seen in Discord"))

    assert ntfy.server.screen() == []


async def test_what_is_counted_up_is_changed_without_a_sound(ntfy: Ntfy):
    sent = await ntfy.messenger.send(NTFY, COUNTED)
    assert isinstance(sent, Sent)

    outcome = await ntfy.messenger.amend(NTFY, sent.message, replace(COUNTED, title="x14: odd"))

    [shown] = ntfy.server.screen()
    assert outcome == sent
    assert (shown.title, shown.rang) == ("Warning · x14: odd", 1)


async def test_a_lock_screen_without_details_is_not_touched_for_a_count(ntfy: Ntfy):
    ntfy.aims(NtfyTarget(server=ntfy.server.url, topic=TOPIC), details=False)
    sent = await ntfy.messenger.send(NTFY, COUNTED)
    assert isinstance(sent, Sent)

    outcome = await ntfy.messenger.amend(NTFY, sent.message, COUNTED)

    assert outcome == sent
    assert len(ntfy.server.calls) == 1


async def test_an_old_server_is_known_by_its_answer_and_never_asked_to_change_anything(ntfy: Ntfy):
    ntfy.server.knows_sequences = False
    sent = await ntfy.messenger.send(NTFY, ALARM)
    assert isinstance(sent, Sent)

    outcome = await ntfy.messenger.amend(NTFY, sent.message, seen(ALARM, "Seen in Discord"))

    assert sent.message.startswith("ntfy")
    assert isinstance(outcome, Declined)
    assert len(ntfy.server.calls) == 1


async def test_a_repeat_on_an_old_server_says_that_it_may_be_one(ntfy: Ntfy):
    ntfy.aims(NtfyTarget(server=ntfy.server.url, topic=TOPIC), details=False, updates=False)

    await ntfy.messenger.send(NTFY, ALARM, NOW)

    [shown] = ntfy.server.screen()
    assert shown.message == "A bot needs you\nThis may have been shown before."


@pytest.mark.parametrize("message", ["", "not a sequence", "404404404", "ntfy00000001"])
async def test_a_message_that_is_not_ours_cannot_be_changed(ntfy: Ntfy, message):
    outcome = await ntfy.messenger.amend(NTFY, message, ALARM)

    assert isinstance(outcome, Declined)
    assert ntfy.server.calls == []


async def test_a_server_is_given_the_token_or_login_that_it_asks_for(ntfy: Ntfy):
    ntfy.server.token = "tk_secret"
    ntfy.aims(NtfyTarget(server=ntfy.server.url, topic=TOPIC, token="tk_secret"))
    by_token = await ntfy.messenger.send(NTFY, ALARM)
    ntfy.server.token, ntfy.server.login = "", "ann:right"
    ntfy.aims(NtfyTarget(server=ntfy.server.url, topic=TOPIC, user="ann", password="right"))
    by_login = await ntfy.messenger.send(NTFY, ALARM)

    assert (type(by_token), type(by_login)) == (Sent, Sent)


OWN = Scope.ENDPOINT


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (
            ntfy_standin.slow_down(7),
            Postponed(reason="slow_down", retry_after=timedelta(seconds=7), scope=OWN),
        ),
        (
            ntfy_standin.refused(429, 42908, "limit reached: daily message quota reached"),
            Postponed(reason="slow_down", retry_after=timedelta(seconds=30), scope=OWN),
        ),
        (ntfy_standin.refused(401, 40101, "unauthorized"), Gone(reason="push_login_refused")),
        (ntfy_standin.refused(403, 40301, "forbidden"), Gone(reason="push_login_refused")),
        (ntfy_standin.refused(404, 40401, "page not found"), Gone(reason="no_push_server")),
        (ntfy_standin.refused(400, 40017, "invalid"), Declined(reason="content_refused")),
        (
            ntfy_standin.refused(302, 0, "elsewhere", Location="http://127.0.0.1/"),
            Postponed(reason="turned_away: HTTP 302", scope=OWN, counts=True),
        ),
    ],
)
async def test_every_fault_of_a_server_has_its_outcome_and_one_request(ntfy: Ntfy, fault, outcome):
    ntfy.server.fail(fault)

    found = await ntfy.messenger.send(NTFY, ALARM)

    assert found == outcome
    assert len(ntfy.server.calls) == 1
    assert getattr(found, "reason", "").partition(":")[0] in REASONS


async def test_a_server_that_is_away_holds_up_nobody_else(ntfy: Ntfy):
    async with ntfy.server.down():
        outcome = await ntfy.messenger.send(NTFY, ALARM)

    assert outcome == Postponed(reason="no_connection", scope=Scope.ENDPOINT, counts=True)


async def test_a_server_in_a_private_network_is_not_reached_unless_that_is_allowed():
    async with NtfyServer() as server, Connections(allows=is_public) as connections:
        ntfy = Ntfy(server, connections)
        named = NtfyTarget(server=server.url.replace("127.0.0.1", "localhost"), topic=TOPIC)

        by_address = await ntfy.messenger.send(NTFY, ALARM)
        ntfy.aims(named)
        by_name = await ntfy.messenger.send(NTFY, ALARM)

    assert by_address == by_name == Gone(reason="host_forbidden")
    assert server.calls == []


async def test_exactly_the_address_that_was_checked_is_connected_to():
    asked: list[str] = []

    def allows(address: str) -> bool:
        asked.append(address)
        return address == "127.0.0.1"

    async with NtfyServer() as server, Connections(allows=allows) as connections:
        ntfy = Ntfy(server, connections)
        ntfy.aims(NtfyTarget(server=server.url.replace("127.0.0.1", "localhost"), topic=TOPIC))
        outcome = await ntfy.messenger.send(NTFY, ALARM)

    assert isinstance(outcome, Sent)
    assert "127.0.0.1" in asked


async def test_a_phone_that_was_removed_is_gone(ntfy: Ntfy):
    ntfy.targets.targets.clear()

    assert await ntfy.messenger.send(NTFY, ALARM) == Gone(reason="phone_removed")
    assert isinstance(await ntfy.messenger.amend(NTFY, "A7B2C3", ALARM), Declined)


# --- Pushover -----------------------------------------------------------------------------


class Pushover:
    def __init__(self, server: PushoverServer, connections: Connections) -> None:
        self.server = server
        self.targets = FakeTargets({})
        self.aims(PushoverTarget(user=USER))
        self.api = PushoverApi(connections, server.url, TOKEN)
        self.messenger = PushoverMessenger(
            self.api, self.targets, lambda: NOW, FakeAddresses(BELL), callback=f"{BELL}/pushover"
        )

    def aims(self, target: PushoverTarget, *, details: bool = True) -> None:
        self.targets.targets[PUSHOVER] = PhoneTarget(target=target, account=OWNER, details=details)


@pytest.fixture
async def pushover() -> AsyncIterator[Pushover]:
    async with PushoverServer() as server, Connections() as connections:
        yield Pushover(server, connections)


async def test_an_alarm_rings_until_it_is_seen_and_its_receipt_is_kept(pushover: Pushover):
    outcome = await pushover.messenger.send(PUSHOVER, ALARM)

    [shown] = pushover.server.phone
    assert outcome == Sent(message=shown.receipt)
    assert (shown.title, shown.priority, shown.ringing) == ("Critical · Grid BTC: error", 2, True)
    assert pushover.server.calls[0].form["timestamp"] == str(int(NOW.timestamp()))


@pytest.mark.parametrize(
    ("severity", "sound", "priority"),
    [
        (Severity.CRITICAL, False, -1),
        (Severity.WARNING, None, 1),
        (Severity.INFO, None, -1),
        (Severity.INFO, True, 0),
    ],
)
async def test_what_need_not_be_seen_rings_once_or_not_at_all(
    pushover: Pushover, severity, sound, priority
):
    outcome = await pushover.messenger.send(
        PUSHOVER, replace(ALARM, severity=severity, sound=sound)
    )

    [shown] = pushover.server.phone
    assert isinstance(outcome, Sent)
    assert (shown.priority, shown.ringing) == (priority, False)


async def test_pushover_is_told_where_to_call_back_for_what_rings_until_it_is_seen(
    pushover: Pushover,
):
    await pushover.messenger.send(PUSHOVER, ALARM)
    await pushover.messenger.send(PUSHOVER, COUNTED)

    called = [one.form.get("callback") for one in pushover.server.calls]
    assert called == [f"{BELL}/pushover", None]


async def test_its_page_is_opened_from_pushover(pushover: Pushover):
    await pushover.messenger.send(PUSHOVER, ALARM)

    form = pushover.server.calls[0].form
    assert (form["url"], form["url_title"]) == (f"{BELL}/seen/a1.signed", "Open")


async def test_it_rings_no_more_once_it_was_seen_elsewhere(pushover: Pushover):
    sent = await pushover.messenger.send(PUSHOVER, ALARM)
    assert isinstance(sent, Sent)

    outcome = await pushover.messenger.amend(PUSHOVER, sent.message, seen(ALARM, "Seen"))

    assert outcome == sent
    assert not pushover.server.phone[0].ringing


async def test_nothing_else_can_be_changed_there(pushover: Pushover):
    sent = await pushover.messenger.send(PUSHOVER, COUNTED)
    assert isinstance(sent, Sent)

    for message, card in ((sent.message, COUNTED), ("r" * 30, seen(ALARM, "Seen")), ("", ALARM)):
        outcome = await pushover.messenger.amend(PUSHOVER, message, card)
        assert isinstance(outcome, Declined)


async def test_pushover_shows_no_details_either_unless_asked_for(pushover: Pushover):
    pushover.aims(PushoverTarget(user=USER, device="iphone"), details=False)

    await pushover.messenger.send(PUSHOVER, ALARM)

    assert pushover.server.texts() == ["Tradebell\nA bot needs you"]
    assert pushover.server.calls[0].form["device"] == "iphone"


@pytest.mark.parametrize(
    "target", [PushoverTarget(user="u" * 30), PushoverTarget(user=USER, device="another")]
)
async def test_a_user_or_device_that_pushover_does_not_know_is_gone(pushover: Pushover, target):
    pushover.aims(target)

    assert await pushover.messenger.send(PUSHOVER, ALARM) == Gone(reason="push_user_unknown")


async def test_a_refused_token_halts_the_whole_channel(pushover: Pushover):
    pushover.server.token = "another"

    assert await pushover.messenger.send(PUSHOVER, ALARM) == Halted(reason="token_refused")


CHANNEL = Scope.CHANNEL


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (
            pushover_standin.slow_down(int(NOW.timestamp()) + 600),
            Postponed(reason="slow_down", retry_after=timedelta(seconds=600), scope=CHANNEL),
        ),
        (
            pushover_standin.slow_down(int(NOW.timestamp()) + 10**6),
            Postponed(reason="slow_down", retry_after=timedelta(hours=1), scope=CHANNEL),
        ),
    ],
)
async def test_every_fault_of_pushover_has_its_outcome(pushover: Pushover, fault, outcome):
    pushover.server.fail(fault)

    found = await pushover.messenger.send(PUSHOVER, ALARM)

    assert found == outcome
    assert len(pushover.server.calls) == 1


async def test_an_outage_of_pushover_is_one_for_all(pushover: Pushover):
    async with pushover.server.down():
        outcome = await pushover.messenger.send(PUSHOVER, ALARM)

    assert outcome == Postponed(reason="no_connection", scope=Scope.CHANNEL)
