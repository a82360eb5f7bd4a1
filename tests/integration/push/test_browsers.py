"""What browsers show of our cards, through their push services, on real connections."""

from __future__ import annotations

import json
import secrets
import subprocess
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.chat.connections import Connections
from adapters.push.api import WebPushApi
from adapters.push.encryption import BODY_LIMIT, PushKey, decoded, encrypted, new_private_key
from adapters.push.faults import REASONS
from adapters.push.messenger import BrowserMessenger
from bot.domain.cards import Button, Card, Severity, seen
from bot.domain.deliveries import Declined, Gone, Postponed, Scope, Sent, Unknown
from bot.domain.hosts import is_public
from bot.domain.ids import ActionId
from bot.domain.phones import BrowserTarget, PhoneTarget, Service, address_of
from tests.fakes.meter import FakeMeter
from tests.fakes.phones import OWNER, FakeTargets
from tests.parity.examples import every_card
from tests.standins.faults import Answer, Drop, bad_gateway
from tests.standins.push.browsers import BrowserServer, refused

NOW = datetime(2026, 11, 22, 12, 4, tzinfo=UTC)
ALARM = Card(
    title="Grid BTC: error",
    severity=Severity.CRITICAL,
    lines=("The exchange said no.",),
    buttons=((Button(label="Seen", action=ActionId("a1"), until_seen=True),),),
    at=NOW,
    reference="A7B2C3",
)
COUNTED = Card(title="x2: odd", severity=Severity.WARNING, reference="A7B2C3", at=NOW)
ADDRESS = address_of(Service.BROWSER, "phone")
OWN = Scope.ENDPOINT
KEY_REFUSED = Postponed(reason="push_key_refused", scope=OWN, counts=True)
"""It may be our clock that is wrong: nothing is ended for that."""


@dataclass
class Setting:
    server: BrowserServer
    connections: Connections

    def __post_init__(self) -> None:
        key = PushKey(new_private_key())
        self.browser = self.server.browser(key.public)
        self.targets = FakeTargets({})
        self.aims(self.browser.target)
        self.meter = FakeMeter()
        api = WebPushApi(self.connections, key, "https://bell.example", lambda: NOW)
        self.messenger = BrowserMessenger(api, self.targets, self.meter, lambda: NOW)

    def aims(self, target: BrowserTarget, *, details: bool = True) -> None:
        self.targets.targets[ADDRESS] = PhoneTarget(target=target, account=OWNER, details=details)

    def header(self, name: str, call: int = -1) -> str:
        return self.server.calls[call].headers.get(name, "")


@pytest.fixture
async def push() -> AsyncIterator[Setting]:
    async with BrowserServer() as server, Connections() as connections:
        yield Setting(server, connections)


def test_what_is_encrypted_is_as_the_example_of_its_rfc():
    """Source: https://www.rfc-editor.org/rfc/rfc8291#section-5 and its Appendix A"""
    sender = int.from_bytes(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    target = BrowserTarget(
        endpoint="https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
        p256dh=(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        ),
        auth="BTBZMqHH6r4Tts7J_aSIgg",
    )

    body = encrypted(
        b"When I grow up, I want to be a watermelon",
        target,
        decoded("DGv6ra1nlYgDCS1FRnbzlw"),
        ec.derive_private_key(sender, ec.SECP256R1()),
    )

    assert body == urlsafe_b64decode(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAm"
        "S6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_"
        "Qulcy4a-fN"
    )


async def test_an_alarm_stays_until_it_is_seen_and_says_what_happened(push: Setting):
    outcome = await push.messenger.send(ADDRESS, ALARM)

    assert outcome == Sent(message="A7B2C3")
    assert push.browser.screen() == [
        {
            "title": "Critical · Grid BTC: error",
            "body": "The exchange said no.\n12:04 UTC · ref A7B2C3",
            "tag": "A7B2C3",
            "loud": True,
            "stays": True,
            "over": False,
            "seen": "a1",
            "seen_label": "Seen",
            "unsaid": "That you have seen it could not be noted. Open the inbox to say so.",
            "open": "Open",
            "at": int(NOW.timestamp() * 1000),
        }
    ]
    assert push.header("Topic") == "A7B2C3"
    assert (push.header("Urgency"), push.header("TTL")) == ("high", str(28 * 24 * 3600))


@pytest.mark.parametrize(
    ("card", "urgency", "life"),
    [
        (COUNTED, "high", timedelta(hours=72)),
        (replace(COUNTED, at=NOW - timedelta(hours=70)), "high", timedelta(hours=2)),
        (replace(COUNTED, severity=Severity.INFO), "low", timedelta(hours=72)),
        (replace(COUNTED, severity=Severity.GOOD, sound=True), "normal", timedelta(hours=72)),
        (Card(title="Code", sound=True), "high", timedelta(minutes=10)),
    ],
)
async def test_how_much_of_a_battery_it_is_worth_and_how_long_it_is_kept(
    push: Setting, card, urgency, life
):
    await push.messenger.send(ADDRESS, card)

    [shown] = push.browser.screen()
    assert (push.header("Urgency"), push.header("TTL")) == (
        urgency,
        str(int(life.total_seconds())),
    )
    assert shown["loud"] == (not card.silent)
    assert not shown["stays"]


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (ALARM, "A bot needs you"),
        # A first reminder is quieter, and about the same.
        (replace(ALARM, severity=Severity.WARNING), "A bot needs you"),
        (replace(ALARM, severity=Severity.WARNING, buttons=()), "A bot has a warning for you"),
        (replace(ALARM, severity=Severity.GOOD, buttons=()), "News of your bots"),
    ],
    ids=("alert", "reminder", "warning", "news"),
)
async def test_a_lock_screen_shows_no_names_and_no_amounts_unless_asked_for(
    push: Setting, card, words
):
    push.aims(push.browser.target, details=False)

    await push.messenger.send(ADDRESS, card)

    assert push.browser.texts() == [f"Tradebell\n{words}"]
    assert "Grid" not in json.dumps(push.browser.screen())


async def test_a_repeat_takes_the_place_of_what_shows_already(push: Setting):
    push.server.fail(Drop(executes=True))

    first = await push.messenger.send(ADDRESS, ALARM)
    again = await push.messenger.send(ADDRESS, ALARM, NOW)

    assert (type(first), type(again)) == (Unknown, Sent)
    assert len(push.browser.screen()) == 1
    assert not push.messenger.repeats.marked


@pytest.mark.parametrize(
    ("details", "words"),
    [
        (True, "Grid BTC: error\nSeen in Discord"),
        (False, "Tradebell\nDealt with: you need do nothing here"),
    ],
)
async def test_what_was_seen_elsewhere_says_so_quietly_in_the_same_place(
    push: Setting, details, words
):
    push.aims(push.browser.target, details=details)
    await push.messenger.send(ADDRESS, ALARM)

    outcome = await push.messenger.amend(ADDRESS, "A7B2C3", seen(ALARM, "Seen in Discord"))

    [shown] = push.browser.screen()
    assert outcome == Sent(message="A7B2C3")
    assert push.browser.texts() == [words]
    assert (shown["loud"], shown["stays"], shown["over"]) == (False, False, True)
    assert "seen" not in shown
    assert (push.header("Topic"), push.header("Urgency")) == ("A7B2C3", "low")


async def test_what_was_told_again_more_quietly_says_so_too_once_it_was_seen(push: Setting):
    push.aims(push.browser.target, details=False)
    reminder = replace(ALARM, severity=Severity.WARNING, sound=True)
    await push.messenger.send(ADDRESS, reminder)

    await push.messenger.amend(ADDRESS, "A7B2C3", seen(reminder, "Seen in Discord"))

    assert push.browser.texts() == ["Tradebell\nDealt with: you need do nothing here"]


async def test_what_is_counted_up_is_changed_without_a_sound_where_details_show(push: Setting):
    await push.messenger.send(ADDRESS, COUNTED)
    await push.messenger.amend(ADDRESS, "A7B2C3", replace(COUNTED, title="x14: odd"))
    push.aims(push.browser.target, details=False)
    untouched = await push.messenger.amend(ADDRESS, "A7B2C3", COUNTED)

    [shown] = push.browser.screen()
    assert (shown["title"], shown["loud"]) == ("Warning · x14: odd", False)
    assert untouched == Sent(message="A7B2C3")
    assert len(push.server.calls) == 2


@pytest.mark.parametrize("line", ["😀" * 2000, '"' * 4000, "ä\n" * 3000])
async def test_what_is_too_long_is_cut_to_what_every_push_service_takes(push: Setting, line):
    await push.messenger.send(ADDRESS, replace(ALARM, lines=(line,)))

    assert push.browser.screen()[0]["body"].startswith(line[:800])
    assert len(push.server.calls[0].body) <= BODY_LIMIT


async def test_a_service_that_takes_less_is_given_less(push: Setting):
    push.server.limit = 700

    outcome = await push.messenger.send(ADDRESS, replace(ALARM, lines=("a" * 1000,)))
    push.server.limit = 10
    nothing = await push.messenger.send(ADDRESS, ALARM)

    assert isinstance(outcome, Sent)
    assert push.browser.texts() == ["Critical · Grid BTC: error\n"]
    assert nothing == Declined(reason="content_refused")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (
            refused(429, **{"Retry-After": "7"}),
            Postponed(reason="slow_down", retry_after=timedelta(seconds=7), scope=OWN),
        ),
        (
            refused(429),
            Postponed(reason="slow_down", retry_after=timedelta(seconds=30), scope=OWN),
        ),
        (refused(404), Gone(reason="subscription_ended")),
        (refused(410), Gone(reason="subscription_ended")),
        (refused(400), KEY_REFUSED),
        (refused(401), KEY_REFUSED),
        (refused(403), KEY_REFUSED),
        (
            refused(307, Location="http://127.0.0.1/"),
            Postponed(reason="turned_away: HTTP 307", scope=OWN, counts=True),
        ),
        (refused(500), Unknown(reason="server_error: HTTP 500")),
        (
            Answer(status=200, body=b"<h1>Sign in</h1>", content_type="text/html"),
            Unknown(reason="foreign_answer"),
        ),
        (bad_gateway(executes=True), Unknown(reason="server_error: HTTP 502")),
        (Drop(), Unknown(reason="connection_broke_off")),
        (Drop(executes=True), Unknown(reason="connection_broke_off")),
    ],
)
async def test_every_fault_of_a_service_has_its_outcome_and_one_request(
    push: Setting, fault, outcome
):
    push.server.fail(fault)

    found = await push.messenger.send(ADDRESS, ALARM)

    assert found == outcome
    assert len(push.server.calls) == 1
    assert getattr(found, "reason", "").partition(":")[0] in REASONS
    refuses_key = found == KEY_REFUSED
    assert push.meter.alarms["push_key_refused"] == refuses_key


async def test_a_service_that_is_away_holds_up_nobody_else(push: Setting):
    async with push.server.down():
        outcome = await push.messenger.send(ADDRESS, ALARM)

    assert outcome == Postponed(reason="no_connection", scope=OWN, counts=True)


async def test_a_browser_that_has_subscribed_to_another_key_holds_up_nobody_else(push: Setting):
    other = push.server.browser(PushKey(new_private_key()).public)
    push.aims(other.target)

    refused_one = await push.messenger.send(ADDRESS, ALARM)
    push.aims(push.browser.target)

    assert refused_one == KEY_REFUSED
    assert isinstance(await push.messenger.send(ADDRESS, ALARM), Sent)


async def test_one_whose_key_is_none_is_gone_before_anything_leaves(push: Setting):
    push.aims(replace(push.browser.target, p256dh="BA" + "A" * 85))

    assert await push.messenger.send(ADDRESS, ALARM) == Gone(reason="subscription_ended")
    assert push.server.calls == []


async def test_a_service_in_a_private_network_is_not_reached_unless_that_is_allowed():
    async with BrowserServer() as server, Connections(allows=is_public) as connections:
        push = Setting(server, connections)
        outcome = await push.messenger.send(ADDRESS, ALARM)

    assert outcome == Gone(reason="host_forbidden")
    assert server.calls == []


async def test_a_phone_that_was_removed_is_gone(push: Setting):
    push.targets.targets.clear()

    assert await push.messenger.send(ADDRESS, ALARM) == Gone(reason="phone_removed")
    assert isinstance(await push.messenger.amend(ADDRESS, "A7B2C3", ALARM), Declined)


async def test_a_message_that_is_not_ours_cannot_be_changed(push: Setting):
    assert isinstance(await push.messenger.amend(ADDRESS, secrets.token_hex(8), ALARM), Declined)
    assert push.server.calls == []


async def test_browsers_take_every_card_that_we_make(push: Setting):
    outcomes = {type(await push.messenger.send(ADDRESS, card)) for card in every_card()}

    assert outcomes == {Sent}


# --- a push service that others wrote -----------------------------------------------------


@pytest.fixture
def foreign_service(inbox_witnesses: Path) -> Iterator[str]:
    """Where web-push-testing listens; it ends by itself when this process does."""
    with subprocess.Popen(
        ["node", "push.js"],
        cwd=inbox_witnesses,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


async def test_a_push_service_of_others_reads_what_we_push_and_tells_when_a_browser_is_gone(
    foreign_service,
):
    def now() -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - it lives in real time

    key = PushKey(new_private_key())
    wanted = {"userVisibleOnly": "true", "applicationServerKey": key.public}
    async with Connections() as connections, aiohttp.ClientSession(foreign_service) as service:

        async def asked(path: str, **said: str) -> dict[str, Any]:
            answer = await (await service.post(path, data=said)).json()
            found: dict[str, Any] = answer["data"]
            return found

        made = await asked("/subscribe", **wanted)
        target = BrowserTarget(endpoint=made["endpoint"], **made["keys"])
        targets = FakeTargets({ADDRESS: PhoneTarget(target=target, account=OWNER, details=True)})
        api = WebPushApi(connections, key, "https://bell.example", now)
        stranger = WebPushApi(connections, PushKey(new_private_key()), "https://bell.example", now)
        messenger = BrowserMessenger(api, targets, FakeMeter(), now)

        sent = await messenger.send(ADDRESS, replace(ALARM, lines=("ä😀",)))
        of_another = await BrowserMessenger(stranger, targets, FakeMeter(), now).send(
            ADDRESS, ALARM
        )
        read = await asked("/get-notifications", clientHash=made["clientHash"])
        await service.post(f"/expire-subscription/{made['clientHash']}")
        expired = await messenger.send(ADDRESS, ALARM)

    assert sent == Sent(message="A7B2C3")
    assert of_another == KEY_REFUSED
    assert [json.loads(one)["title"] for one in read["messages"]] == ["Critical · Grid BTC: error"]
    assert "ä😀" in json.loads(read["messages"][0])["body"]
    assert expired == Gone(reason="subscription_ended")


async def test_a_reminder_takes_the_place_of_its_alert(push: Setting):
    await push.messenger.send(ADDRESS, ALARM)
    before = ALARM.reference or ""
    reminder = replace(ALARM, title="Still unseen", reference="NEW234", follows=before)
    sent = await push.messenger.send(ADDRESS, reminder)

    [shown] = push.browser.screen()
    assert "Still unseen" in shown["title"]
    assert sent == Sent(message=before)


async def test_what_goes_on_with_a_trade_takes_its_place(push: Setting):
    await push.messenger.send(ADDRESS, ALARM)
    closed = replace(ALARM, title="Closed", reference="NEW234")
    await push.messenger.send(ADDRESS, closed, replies_to=ALARM.reference)

    [shown] = push.browser.screen()
    assert "Closed" in shown["title"]
