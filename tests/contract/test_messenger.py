"""The contract of `ports.Messenger`, for every chat platform and for the fake."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from adapters.discord.bot import open_discord
from adapters.discord.settings import DiscordSettings
from adapters.telegram.bot import open_telegram
from adapters.telegram.settings import TelegramSettings
from bot.domain.cards import (
    Button,
    Card,
    Field,
    Option,
    PickList,
    Picture,
    Severity,
    Table,
    answered,
)
from bot.domain.deliveries import Attempt, Declined, Gone, Halted, Postponed, Sent, Unclear
from bot.domain.ids import ActionId
from bot.domain.links import Address, Channel
from bot.errors import TryLater
from bot.ports import Messenger
from tests.fakes.messenger import FakeMessenger
from tests.fakes.meter import FakeMeter
from tests.standins.bot_api import Access, BotApi
from tests.standins.bot_api.faults import too_many_requests
from tests.standins.bot_api.world import Message as TelegramMessage
from tests.standins.discord import DiscordApi, Message
from tests.standins.discord import faults as discord_faults
from tests.standins.discord.limits import STRING_SELECT, walk
from tests.standins.faults import Drop

NOW = datetime(2026, 11, 22, 12, 4, tzinfo=UTC)

OWL = Option(label="Night Owl", action=ActionId("a1"), hint="running · paper")
HERON = Option(label="Heron", action=ActionId("a2"))
PICK = PickList(prompt="Choose a bot", options=(OWL, HERON))
CHART = Picture(png=b"\x89PNG...", alt="Profit of 3 trades: +1 %", width=640, height=320)
CARDS = [
    Card(title="Hello"),
    Card(title="Stopped", severity=Severity.CRITICAL, lines=("The exchange", "said no.")),
    Card(title="Bought", fields=(Field("Price", "60,000"),), at=NOW, reference="A1B2"),
    Card(title="Prices", table=Table(columns=("Pair", "Price"), rows=(("BTC", "60,000"),))),
    Card(title="Pause?", buttons=((Button(label="Pause", action=ActionId("a1")),),)),
    Card(title="Pause which bot?", pick=PICK),
    Card(title="Latest trades", picture=CHART, reference="C3D4"),
    Card(title="<b>&*_`[x](y)", lines=("@everyone", "\u202eevil", "😀" * 100)),
    Card(title="Long", lines=("x" * 250,) * 40, notes=("the end",)),
]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A messenger with an open chat, and what its device shows, a text for each message, and the
    labels of all buttons.

    `spoil` makes the next attempt go wrong, by the outcome that is to come of it, `spoil_change`
    the next change of a message; `delete` lets the person delete all that shows.
    """

    messenger: Messenger
    address: Address
    shown: Callable[[], Sequence[str]]
    labels: Callable[[], Sequence[str]]
    spoil: Mapping[type[Attempt], Callable[[], None]]
    spoil_change: Mapping[type[Attempt], Callable[[], None]]
    delete: Callable[[], None]


@asynccontextmanager
async def telegram() -> AsyncIterator[Stage]:
    async def may_send(_: Address) -> None:
        pass

    async with (
        BotApi() as api,
        open_telegram(
            TelegramSettings(token=api.token, api_url=api.url),
            now=lambda: NOW,
            chance=random.Random(1),
            meter=FakeMeter(),
            may_send=may_send,
        ) as bot,
    ):
        ann = api.world.person("Ann")
        yield Stage(
            messenger=bot.messenger,
            address=Address(channel=Channel.TELEGRAM, bot=bot.messenger.bot, chat=str(ann.id)),
            shown=lambda: ["\n".join((one.text, *one.labels)) for one in ann.chat.shown],
            labels=lambda: [one for message in ann.chat.shown for one in message.labels],
            spoil={
                Postponed: lambda: api.fail(too_many_requests(7), method="sendMessage"),
                Gone: lambda: setattr(ann.chat, "access", Access.BLOCKED),
                Halted: lambda: setattr(api, "revoked", True),
                Unclear: lambda: api.fail(Drop(), method="sendMessage"),
            },
            spoil_change={
                Postponed: lambda: api.fail(too_many_requests(7), method="editMessageText"),
                Gone: lambda: setattr(ann.chat, "access", Access.BLOCKED),
                Halted: lambda: setattr(api, "revoked", True),
                Unclear: lambda: api.fail(Drop(), method="editMessageText"),
            },
            delete=lambda: delete_all(ann.chat.messages),
        )


@asynccontextmanager
async def discord() -> AsyncIterator[Stage]:
    async def may_send(_: Address) -> None:
        pass

    async with (
        DiscordApi() as api,
        open_discord(
            DiscordSettings(token=api.token, api_url=api.url),
            now=api.clock,
            chance=random.Random(1),
            meter=FakeMeter(),
            may_send=may_send,
        ) as bot,
    ):
        ann = api.world.person("Ann")
        slow_down = discord_faults.too_many_requests(7)
        yield Stage(
            messenger=bot.messenger,
            address=Address(channel=Channel.DISCORD, bot=bot.messenger.bot, chat=str(ann.dm.id)),
            shown=lambda: [as_read(message) for message in ann.screen()],
            labels=lambda: [one for message in ann.screen() for one in message.labels],
            spoil={
                Postponed: lambda: api.fail(slow_down, route="create_message"),
                Gone: lambda: setattr(ann, "dms_open", False),
                Halted: lambda: setattr(api, "revoked", True),
                Unclear: lambda: api.fail(Drop(), route="create_message"),
            },
            spoil_change={
                Postponed: lambda: api.fail(slow_down, route="edit_message"),
                Halted: lambda: setattr(api, "revoked", True),
                Unclear: lambda: api.fail(Drop(), route="edit_message"),
            },
            delete=lambda: delete_all(ann.dm.messages),
        )


def delete_all(messages: Sequence[TelegramMessage | Message]) -> None:
    for message in messages:
        message.deleted = True


def as_read(message: Message) -> str:
    """All words of a message, as Discord shows them or reads them out."""
    escaped = re.compile(r"\\([^0-9A-Za-z\s])")
    menus = [part for part in walk(message.components) if part["type"] == STRING_SELECT]
    offered = [
        word
        for menu in menus
        for option in menu["options"]
        for word in (menu["placeholder"], option["label"], option.get("description", ""))
    ]
    described = [picture.alt for picture in message.pictures]
    return "\n".join((escaped.sub(r"\1", message.text), *message.labels, *described, *offered))


@asynccontextmanager
async def fake() -> AsyncIterator[Stage]:
    messenger = FakeMessenger(now=lambda: NOW)
    outcomes: dict[type[Attempt], Attempt] = {
        Postponed: Postponed(reason="slow down"),
        Gone: Gone(reason="blocked"),
        Halted: Halted(reason="refused"),
        Unclear: Unclear(reason="lost"),
    }
    yield Stage(
        messenger=messenger,
        address=Address(channel=messenger.channel, bot=messenger.bot, chat="1"),
        shown=lambda: [text_of(card) for card in messenger.screen("1")],
        labels=lambda: [
            button.label for card in messenger.screen("1") for row in card.buttons for button in row
        ],
        spoil={
            kind: lambda outcome=outcome: messenger.script("1", outcome)  # type: ignore[misc]
            for kind, outcome in outcomes.items()
        },
        spoil_change={
            kind: lambda outcome=outcome: messenger.script_change("1", outcome)  # type: ignore[misc]
            for kind, outcome in outcomes.items()
        },
        delete=lambda: messenger.deleted.update(one.message for one in messenger.shown),
    )


Platform = Callable[[], AbstractAsyncContextManager[Stage]]

ALL: list[Platform] = [telegram, discord, fake]
TROUBLES: list[tuple[Platform, type[Attempt]]] = [
    *((telegram, kind) for kind in (Postponed, Gone, Halted, Unclear)),
    *((discord, kind) for kind in (Postponed, Gone, Halted, Unclear)),
    *((fake, kind) for kind in (Postponed, Gone, Halted, Unclear)),
]
"""What can go wrong where; a page in our own browser, say, is never refused."""

CHANGE_TROUBLES = [one for one in TROUBLES if one != (discord, Gone)]
"""A person who takes no more messages on Discord still has the old ones changed."""


@pytest.mark.parametrize("platform", ALL)
@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.title)
async def test_a_card_is_shown_with_all_its_words(platform: Platform, card: Card):
    async with platform() as stage:
        outcome = await stage.messenger.send(stage.address, card)
        shown = "\n".join(stage.shown())

    assert isinstance(outcome, Sent)
    assert outcome.message
    for words in words_of(card):
        assert words in shown


@pytest.mark.parametrize("platform", ALL)
async def test_cards_are_shown_in_the_order_of_sending(platform: Platform):
    async with platform() as stage:
        for number in range(5):
            await stage.messenger.send(stage.address, Card(title=f"number {number}"))
        shown = stage.shown()

    assert ["number" in text and text[-1] for text in shown] == list("01234")


@pytest.mark.parametrize(("platform", "kind"), TROUBLES)
async def test_what_goes_wrong_is_an_outcome_with_a_reason_and_nothing_shows(
    platform: Platform, kind: type[Attempt]
):
    async with platform() as stage:
        stage.spoil[kind]()
        outcome = await stage.messenger.send(stage.address, Card(title="Hello"))
        shown = stage.shown()

    assert isinstance(outcome, kind)
    assert getattr(outcome, "reason", "")
    assert shown == []


@pytest.mark.parametrize("platform", ALL)
async def test_a_repeat_shows_twice_only_where_it_has_to_say_so(platform: Platform):
    card = Card(title="Bought", reference="A1B2")

    async with platform() as stage:
        for _ in range(2):
            await stage.messenger.send(stage.address, card)
        shown = stage.shown()
        marked = stage.messenger.repeats.marked

    assert len(shown) == (2 if marked else 1)


@pytest.mark.parametrize("platform", ALL)
async def test_a_messenger_says_which_bot_of_which_platform_it_is(platform: Platform):
    async with platform() as stage:
        found = stage.messenger.channel, stage.messenger.bot

    assert found == (stage.address.channel, stage.address.bot)


@pytest.mark.parametrize("platform", ALL)
async def test_a_card_may_be_given_before_it_may_leave(platform: Platform):
    async with platform() as stage:
        async with asyncio.TaskGroup() as group:
            word: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            sending = group.create_task(stage.messenger.send(stage.address, CARDS[0], word))
            await asyncio.sleep(0.05)
            before = list(stage.shown())
            word.set_result(None)
        shown = stage.shown()

    assert before == []
    assert isinstance(sending.result(), Sent)
    assert len(shown) == 1


@pytest.mark.parametrize("platform", ALL)
async def test_a_card_that_may_not_leave_after_all_does_not(platform: Platform):
    async with platform() as stage:
        word: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        word.set_exception(TryLater("the disk is full"))
        with pytest.raises(TryLater, match="the disk is full"):
            await stage.messenger.send(stage.address, CARDS[0], word)
        await stage.messenger.send(stage.address, Card(title="The next one"))
        shown = stage.shown()

    assert len(shown) == 1
    assert "The next one" in shown[0]


ALARM = Card(
    title="Grid BTC: error",
    severity=Severity.CRITICAL,
    buttons=((Button(label="Pause Grid BTC", action=ActionId("a1")),),),
    at=NOW,
    reference="A1B2",
)


@pytest.mark.parametrize("platform", ALL)
async def test_a_changed_message_shows_the_other_card_and_nothing_anew(platform: Platform):
    async with platform() as stage:
        sent = await stage.messenger.send(stage.address, ALARM)
        assert isinstance(sent, Sent)
        before = stage.labels()

        for _ in range(2):  # it may be repeated freely
            outcome = await stage.messenger.amend(
                stage.address, sent.message, answered(ALARM, "Paused from Discord")
            )
        shown, labels = stage.shown(), stage.labels()

    assert outcome == Sent(message=sent.message)
    assert before == ["Pause Grid BTC"]
    assert labels == []
    assert len(shown) == 1
    assert "Grid BTC: error" in shown[0]
    assert "Paused from Discord" in shown[0]
    assert "A1B2" in shown[0] or platform is fake


@pytest.mark.parametrize("platform", ALL)
async def test_of_a_card_in_several_messages_the_last_is_changed(platform: Platform):
    card = replace(CARDS[-1], buttons=ALARM.buttons)

    async with platform() as stage:
        sent = await stage.messenger.send(stage.address, card)
        assert isinstance(sent, Sent)
        before = stage.shown()
        await stage.messenger.amend(stage.address, sent.message, answered(card, "Paused"))
        shown, labels = stage.shown(), stage.labels()

    assert len(shown) == len(before)
    assert shown[:-1] == before[:-1]
    assert "Paused" in shown[-1]
    assert labels == []


@pytest.mark.parametrize("platform", ALL)
async def test_a_list_to_choose_from_goes_as_buttons_do(platform: Platform):
    card = Card(title="Stop which bot?", pick=PICK)

    async with platform() as stage:
        sent = await stage.messenger.send(stage.address, card)
        assert isinstance(sent, Sent)
        before = "\n".join(stage.shown())
        await stage.messenger.amend(stage.address, sent.message, answered(card, "Expired"))
        [after] = stage.shown()
        labels = stage.labels()

    assert OWL.label in before
    assert OWL.label not in after
    assert "Expired" in after
    assert labels == []


@pytest.mark.parametrize("platform", ALL)
@pytest.mark.parametrize("message", ["", "not a number", "404404404"])
async def test_a_message_that_never_was_cannot_be_changed(platform: Platform, message: str):
    async with platform() as stage:
        outcome = await stage.messenger.amend(stage.address, message, ALARM)
        shown = stage.shown()

    assert isinstance(outcome, Declined)
    assert shown == []


@pytest.mark.parametrize("platform", ALL)
async def test_a_message_that_is_gone_is_not_shown_anew(platform: Platform):
    async with platform() as stage:
        sent = await stage.messenger.send(stage.address, ALARM)
        assert isinstance(sent, Sent)
        stage.delete()
        outcome = await stage.messenger.amend(stage.address, sent.message, ALARM)
        shown = stage.shown()

    assert isinstance(outcome, Declined)
    assert outcome.reason
    assert platform is fake or shown == []


@pytest.mark.parametrize(("platform", "kind"), CHANGE_TROUBLES)
async def test_a_change_that_goes_wrong_is_an_outcome_and_may_be_repeated(
    platform: Platform, kind: type[Attempt]
):
    async with platform() as stage:
        sent = await stage.messenger.send(stage.address, ALARM)
        assert isinstance(sent, Sent)
        stage.spoil_change[kind]()
        outcome = await stage.messenger.amend(
            stage.address, sent.message, answered(ALARM, "Paused")
        )
        labels = stage.labels()

    assert isinstance(outcome, kind)
    assert getattr(outcome, "reason", "")
    assert labels == ["Pause Grid BTC"]


def text_of(card: Card) -> str:
    return "\n".join(words_of(card))


def words_of(card: Card) -> list[str]:
    """Every word of a card that a person must be able to read."""
    cells = [cell for row in card.table.rows for cell in row] if card.table else []
    values = [text for field in card.fields for text in (field.label, field.value)]
    labels = [button.label for row in card.buttons for button in row]
    picked = [word for one in options_of(card) for word in (one.label, one.hint)]
    prompt = [card.pick.prompt] if card.pick else []
    alt = [card.picture.alt] if card.picture else []
    lines = map(visible, card.lines)
    return [card.title, *lines, *values, *cells, *alt, *prompt, *picked, *labels, *card.notes]


def options_of(card: Card) -> tuple[Option, ...]:
    return card.pick.options if card.pick else ()


def visible(text: str) -> str:
    """Without what no platform shows: marks that turn the direction of writing."""
    return text.replace("\u202e", "")
