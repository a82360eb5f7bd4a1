"""What Telegram alone has of showing cards, over HTTP: see the contract for the rest."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.cards import Button, Card, Picture, Severity
from bot.domain.deliveries import Declined, Gone, Moved, Postponed, Scope, Sent, Unknown
from bot.domain.ids import ActionId
from bot.texts.times import moment
from tests.integration.telegram.bots import NOW, address, our_bot
from tests.standins.bot_api import Access, BotApi, Message
from tests.standins.bot_api.faults import (
    internal_error,
    refused,
    too_many_requests,
    too_many_requests_html,
)
from tests.standins.faults import Drop, Fault, bad_gateway, captive_portal

CARD = Card(title="Bought BTC", severity=Severity.WARNING)
CHART = Picture(png=b"\x89PNG...", alt="Profit of 3 trades: +1 %", width=640, height=320)
PICTURED = Card(title="Latest trades", picture=CHART)


async def test_a_picture_comes_silently_after_its_words_with_what_it_shows_below_it(api: BotApi):
    ann = api.world.person("Ann")
    group = api.world.group("Desk", ann)
    topic = api.world.topic(group, "grid")

    async with our_bot(api) as bot:
        outcome = await bot.messenger.send(address(group, topic), PICTURED)

    words, picture = group.shown
    assert outcome == Sent(message=str(words.id))
    assert words.text == "Latest trades"
    assert (picture.photo, picture.text) == (CHART.png, CHART.alt)
    assert picture.silent
    assert [message.thread for message in group.shown] == [topic, topic]


@pytest.mark.parametrize(
    "fault",
    [
        bad_gateway(),
        internal_error(),
        captive_portal(),
        too_many_requests(3),
        refused(400, "IMAGE_BAD"),
    ],
)
async def test_a_picture_that_cannot_be_shown_costs_no_words(
    api: BotApi, caplog: pytest.LogCaptureFixture, fault: Fault
):
    ann = api.world.person("Ann")
    api.fail(fault, method="sendPhoto")

    async with our_bot(api) as bot:
        outcome = await bot.messenger.send(address(ann), PICTURED)

    assert outcome == Sent(message="1")
    assert [message.text for message in ann.chat.shown] == ["Latest trades"]
    assert "a picture may not have been shown" in caplog.text


async def test_words_that_were_not_shown_bring_no_picture(api: BotApi):
    ann = api.world.person("Ann")
    api.fail(too_many_requests(3), method="sendMessage")

    async with our_bot(api) as bot:
        outcome = await bot.messenger.send(address(ann), PICTURED)

    assert isinstance(outcome, Postponed)
    assert api.world.calls_of("sendPhoto") == []


async def test_a_card_arrives_with_its_sound_buttons_and_no_preview(api: BotApi):
    ann = api.world.person("Ann")
    button = Button(label="Pause", action=ActionId("a1"))
    card = Card(title="Bought", lines=("https://example.org",), buttons=((button,),))

    async with our_bot(api) as bot:
        quiet = await bot.messenger.send(address(ann), card)
        loud = await bot.messenger.send(address(ann), CARD)

    first, second = ann.chat.shown
    assert (quiet, loud) == (Sent(message="1"), Sent(message="2"))
    assert (first.silent, second.silent) == (True, False)
    assert first.parts("bold") == ["Bought"]
    assert first.button("Pause").data == "a1"
    assert not first.preview


async def test_whoever_is_not_told_how_long_to_slow_down_rests_as_a_whole(api: BotApi):
    ann = api.world.person("Ann")
    api.fail(too_many_requests_html(), method="sendMessage")

    async with our_bot(api) as bot:
        outcome = await bot.messenger.send(address(ann), CARD)

    assert outcome == Postponed(
        reason="slow_down", retry_after=timedelta(seconds=30), scope=Scope.CHANNEL
    )


async def test_after_an_outcome_that_nobody_knows_something_harmless_is_asked_first(api: BotApi):
    ann = api.world.person("Ann")
    api.fail(bad_gateway(), method="sendMessage")
    api.fail(bad_gateway(), method="sendChatAction")

    async with our_bot(api) as bot:
        outcomes = [await bot.messenger.send(address(ann), CARD) for _ in range(4)]

    assert outcomes == [
        Unknown(reason="server_error: HTTP 502"),
        Postponed(reason="server_error: HTTP 502", scope=Scope.CHANNEL),
        Sent(message="1"),
        Sent(message="2"),
    ]
    assert [call.method for call in api.world.calls[1:]] == [
        "sendMessage",
        *("sendChatAction", "sendChatAction", "sendMessage"),
        "sendMessage",
    ]


async def test_whoever_is_told_to_slow_down_when_asking_sends_nothing(api: BotApi):
    ann = api.world.person("Ann")
    api.fail(Drop(), method="sendMessage")
    api.fail(too_many_requests(7), method="sendChatAction")

    async with our_bot(api) as bot:
        await bot.messenger.send(address(ann), CARD)
        outcome = await bot.messenger.send(address(ann), CARD)

    assert outcome == Postponed(reason="slow_down", retry_after=timedelta(seconds=7))
    assert len(api.world.calls_of("sendMessage")) == 1


async def test_a_person_who_blocked_us_is_gone_after_one_call(api: BotApi):
    ann = api.world.person("Ann")
    ann.chat.access = Access.BLOCKED

    async with our_bot(api) as bot:
        outcome = await bot.messenger.send(address(ann), CARD)

    assert outcome == Gone(reason="blocked")
    assert [call.method for call in api.world.calls] == ["getMe", "sendMessage"]


async def test_a_chat_that_is_not_found_is_looked_for_once(api: BotApi):
    gone = api.world.person("Ann", started=False)
    forgotten = api.world.person("Bob")
    api.fail(refused(400, "Bad Request: chat not found"), method="sendMessage", chat=forgotten)

    async with our_bot(api) as bot:
        outcomes = [
            await bot.messenger.send(address(p), CARD) for p in (gone, forgotten, forgotten)
        ]

    assert outcomes == [
        Gone(reason="chat_not_found"),
        Postponed(reason="chat_not_found_at_first", counts=True),
        Sent(message="1"),
    ]
    assert len(api.world.calls_of("getChat")) == 2


async def test_a_group_that_became_a_supergroup_tells_its_new_address(api: BotApi):
    group = api.world.group("Desk", api.world.person("Ann"), basic=True)
    new = api.world.upgrade(group)

    async with our_bot(api) as bot:
        outcome = await bot.messenger.send(address(group), CARD)

    assert outcome == Moved(chat=str(new.id))


async def test_a_closed_topic_falls_back_to_the_general_one(api: BotApi):
    group = api.world.group("Desk", api.world.person("Ann"))
    thread = api.world.topic(group, "Alerts")

    async with our_bot(api) as bot:
        opened = await bot.messenger.send(address(group, thread), CARD)
        group.topics[thread].closed = True
        closed = await bot.messenger.send(address(group, thread), CARD)

    assert isinstance(opened, Sent)
    assert isinstance(closed, Sent)
    assert [message.thread for message in group.shown] == [thread, None]


async def test_a_refused_layout_goes_out_plain_once(api: BotApi):
    ann = api.world.person("Ann")
    button = Button(label="Pause", action=ActionId("x" * 65))  # too long for Telegram

    async with our_bot(api) as bot:
        outcome = await bot.messenger.send(address(ann), Card(title="Bought", buttons=((button,),)))

    (message,) = ann.chat.shown
    assert outcome == Sent(message="1")
    assert (message.text, message.labels, message.entities) == ("Bought", (), ())


async def test_what_is_refused_even_plain_is_declined(api: BotApi):
    ann = api.world.person("Ann")

    async with our_bot(api) as bot:
        outcome = await bot.messenger.send(address(ann), Card(title=" "))

    assert outcome == Declined(reason="content_refused")
    assert len(api.world.calls_of("sendMessage")) == 2


TIMED = Card(
    title="Muted", lines=(f"Until {moment(NOW)}.",), details=("in full",), at=NOW, reference="A1B2"
)


def instants(message: Message) -> list[tuple[str, int, str]]:
    """What of a message a device tells by its own clock, and how."""
    found = [one for one in message.entities if one["type"] == "date_time"]
    told = [(one["unix_time"], one["date_time_format"]) for one in found]
    return [(text, *one) for text, one in zip(message.parts("date_time"), told, strict=True)]


async def test_times_are_told_by_the_clock_of_the_device(api: BotApi):
    ann = api.world.person("Ann")
    unix = int(NOW.timestamp())

    async with our_bot(api) as bot:
        await bot.messenger.send(address(ann), TIMED)

    (message,) = ann.chat.shown
    assert message.text == "Muted\nUntil 22 Nov 12:04 UTC.\nin full\n12:04 UTC \u00b7 ref A1B2"
    assert instants(message) == [("22 Nov 12:04 UTC", unix, "dt"), ("12:04 UTC", unix, "t")]
    assert message.parts("italic") == ["12:04 UTC \u00b7 ref A1B2"]


@pytest.mark.parametrize(
    ("unknown", "tries", "folded"),
    [(("date_time",), 1, 1), (("date_time", "expandable_blockquote"), 2, 0)],
)
async def test_an_older_server_is_found_out_once_and_gets_words(
    api: BotApi, unknown: tuple[str, ...], tries: int, folded: int
):
    """Within the same attempt: what it refuses was certainly not shown."""
    ann = api.world.person("Ann")
    api.fail(
        refused(400, "Bad Request: can't parse MessageEntity: Unsupported type specified"),
        where=lambda call: any(one in call.parameters.get("entities", "") for one in unknown),
        times=None,
    )

    async with our_bot(api) as bot:
        outcomes = [await bot.messenger.send(address(ann), TIMED) for _ in range(2)]
        asked = len(api.world.calls)
        changed = await bot.messenger.amend(address(ann), "1", replace(TIMED, title="Unmuted"))

    first, second = ann.chat.shown
    assert outcomes == [Sent(message="1"), Sent(message="2")]
    assert changed == Sent(message="1")
    assert len(api.world.calls) == asked + 1
    assert len(api.world.calls_of("sendMessage")) == 2 + tries
    assert (first.text.splitlines()[0], second.text.splitlines()[0]) == ("Unmuted", "Muted")
    for message in (first, second):
        assert message.text.splitlines()[1:] == [
            "Until 22 Nov 12:04 UTC.",
            "in full",
            "12:04 UTC \u00b7 ref A1B2",
        ]
        assert instants(message) == []
        assert message.parts("expandable_blockquote") == ["in full"] * folded
        assert message.parts("italic") == ["12:04 UTC \u00b7 ref A1B2"]


async def test_another_refusal_says_nothing_about_times(api: BotApi):
    ann = api.world.person("Ann")
    api.fail(refused(400, "Bad Request: can't parse entities"), method="sendMessage")

    async with our_bot(api) as bot:
        for _ in range(2):
            await bot.messenger.send(address(ann), TIMED)

    plain, usual = ann.chat.shown
    assert plain.entities == ()
    assert len(instants(usual)) == 2


async def test_a_message_that_is_too_old_to_be_changed_can_still_be_replied_to(api: BotApi):
    ann = api.world.person("Ann")

    async with our_bot(api) as bot:
        first = await bot.messenger.send(address(ann), CARD)
        assert isinstance(first, Sent)
        ann.chat.shown[0].is_too_old = True
        changed = await bot.messenger.amend(address(ann), first.message, Card(title="Sold BTC"))
        replied = await bot.messenger.send(
            address(ann), Card(title="Sold BTC"), replies_to=first.message
        )

    assert changed == Declined(reason="message_gone")
    assert replied == Sent(message="2")
    assert ann.chat.shown[1].reply_to == 1


async def test_a_server_that_takes_no_reply_shows_the_card_with_its_form(api: BotApi):
    """An older one may not know that a message is shown without what it replies to."""
    ann = api.world.person("Ann")
    api.fail(refused(400, "Bad Request: message to be replied not found"), method="sendMessage")

    async with our_bot(api) as bot:
        outcome = await bot.messenger.send(address(ann), CARD, replies_to="404")

    [shown] = ann.chat.shown
    assert outcome == Sent(message=str(shown.id))
    assert shown.entities
