"""What lasts for a minute shows in `/status` and `/missed` (G10), whatever it is."""

from datetime import timedelta
from functools import partial

import pytest

from bot.domain.deliveries import Declined, Gone, Halted, Postponed, Scope, Unknown
from bot.domain.events import Kind, Notice, NoticeText, Origin, Stream
from bot.domain.feeds import FeedState
from bot.errors import TryLater
from tests.harness.world import CHAT

MINUTE = timedelta(minutes=1)


async def live(world):
    account = await world.links()
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)
    return account


async def status(world, chat=CHAT):
    """All that `/status` says, in one text."""
    [reply] = await world.says("/status", chat)
    card = reply.card
    fields = (f"{field.label}: {field.value}" for field in card.fields)
    return "\n".join((card.title, *card.lines, *fields, *card.notes))


async def owe(world, account, count):
    at = world.now()
    await world.ingest.take(
        account,
        [
            Notice(
                origin=Origin(kind=Kind.TEST, record=f"n{number}", at=at),
                say=partial(NoticeText, f"n{number}"),
            )
            for number in range(count)
        ],
    )


async def test_while_all_is_well_it_says_so(world):
    await live(world)
    await world.quiet(60)

    assert "Connection: live for" in await status(world)


async def test_a_platform_that_is_away(world, platform):
    await live(world)
    platform.away = True
    platform.cut()
    await world.quiet(60)

    told = await status(world)

    assert "Connection: down for" in told
    assert "As of 1 min ago: the platform gives me nothing newer just now" in told


async def test_a_plan_without_a_free_socket(world, platform):
    await live(world)
    platform.sockets = False
    platform.cut()
    await world.quiet(60)

    assert "Connection: no realtime connection to be had" in await status(world)


async def test_a_login_that_is_refused(world, platform):
    await live(world)
    platform.accepts.clear()
    platform.cut()
    await world.quiet(60)

    assert "Connection: needs a new login: /link" in await status(world)


async def test_a_service_that_fails(world, platform):
    await live(world)
    platform.fail("page trades", *[TryLater("500")] * 1000)
    platform.cut()
    await world.quiet(60)

    assert "The platform has trouble with: trades" in await status(world)


@pytest.mark.parametrize(
    "obstacle",
    [
        Postponed(reason="429", retry_after=timedelta(minutes=10)),
        Postponed(reason="429", retry_after=timedelta(minutes=10), scope=Scope.CHANNEL),
        Halted(reason="the token is refused"),
    ],
)
async def test_messages_that_are_held_up(world, chat, obstacle):
    account = await live(world)
    chat.script(CHAT, *[obstacle] * 100)
    await owe(world, account, 4)
    await world.quiet(60)

    assert "On their way: 4 alerts" in await status(world)


@pytest.mark.parametrize("end", [Declined(reason="no"), Unknown(reason="no answer")])
async def test_a_message_that_was_not_shown(world, chat, end):
    account = await live(world)
    chat.script(CHAT, end, end)
    await owe(world, account, 1)
    await world.quiet(60)

    assert "1 alert did not reach you: /missed" in await status(world)
    [reply] = await world.says("/missed")
    assert reply.card.title == "1 alert did not reach you"


async def test_another_chat_that_is_closed(world, chat):
    account = await live(world)
    await world.links("200")
    chat.script("200", Gone(reason="blocked"))
    await owe(world, account, 1)
    await world.quiet(60)

    assert "Your other Telegram chat is closed to me" in await status(world)
    # Who asks there shows that it is open.
    assert "closed" not in await status(world, "200") + await status(world)


async def test_alerts_that_came_in_a_digest(world, platform, chat):
    await live(world)
    platform.away = True
    platform.cut()
    for number in range(40):
        platform.store(Stream.TRADES, world.trade(number), announce=False)
    await world.quiet(60)
    platform.away = False
    await world.quiet(120)

    [reply] = await world.says("/missed")

    assert reply.card.title.endswith("alerts came in digests")
    assert "did not reach" not in await status(world)
