"""The messengers that contract tests run against, each with a chat of its platform."""

import random
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from adapters.discord.bot import open_discord
from adapters.discord.settings import DiscordSettings
from adapters.push.encryption import PushKey, new_private_key
from adapters.push.platform import open_apprise, open_browsers, open_ntfy, open_pushover
from adapters.push.settings import PushSettings
from adapters.telegram.bot import open_telegram
from adapters.telegram.settings import TelegramSettings
from bot.domain.cards import Card, Option
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import Attempt, Gone, Halted, Postponed, Unknown
from bot.domain.phones import (
    AppriseTarget,
    NtfyTarget,
    PhoneTarget,
    PushoverTarget,
    PushTarget,
    Service,
    address_of,
)
from bot.ports import Messenger
from bot.services.chat_platforms import Around
from tests.fakes.handles import FakeHandles
from tests.fakes.messenger import FakeMessenger
from tests.fakes.meter import FakeMeter
from tests.fakes.phones import OWNER, FakeAddresses, FakeTargets
from tests.standins.bot_api import Access, BotApi
from tests.standins.bot_api.faults import internal_error, refused, too_many_requests
from tests.standins.bot_api.world import Message as TelegramMessage
from tests.standins.discord import DiscordApi, Message
from tests.standins.discord import faults as discord_faults
from tests.standins.discord.limits import STRING_SELECT, walk
from tests.standins.faults import Drop, Fault
from tests.standins.push import browsers as browser_faults
from tests.standins.push import ntfy as ntfy_faults
from tests.standins.push import pushover as pushover_faults
from tests.standins.push.browsers import BrowserServer
from tests.standins.push.hooks import serving
from tests.standins.push.ntfy import NtfyServer
from tests.standins.push.pushover import TOKEN, USER, PushoverServer

NOW = datetime(2026, 11, 22, 12, 4, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A messenger with an open chat, and what its device shows, a text for each message, and the
    labels of all buttons.

    `spoil` makes the next attempt go wrong, by the outcome that is to come of it, `spoil_change`
    the next change of a message; `delete` lets the person delete all that shows. `replies` are the
    ids of what the messages reply to, of each one or none.
    """

    messenger: Messenger
    address: Address
    shown: Callable[[], Sequence[str]]
    labels: Callable[[], Sequence[str]]
    spoil: Mapping[type[Attempt], Callable[[], None]]
    spoil_change: Mapping[type[Attempt], Callable[[], None]]
    delete: Callable[[], None]
    replies: Callable[[], Sequence[str | None]]


@dataclass(frozen=True, kw_only=True)
class RemoteStage(Stage):
    """A messenger whose platform is reached over HTTP.

    `fail` meets the next message with a fault, of which `faults` are in the platform's own words;
    `requests` counts messages that were asked for. `close` lets the person take no more of them,
    `revoke` ends our token.
    """

    name: str
    begin: Callable[[], Coroutine[Any, Any, None]]
    fail: Callable[..., None]
    faults: Mapping[str, Fault]
    requests: Callable[[], int]
    down: Callable[[], AbstractAsyncContextManager[object]]
    close: Callable[[], None]
    revoke: Callable[[], None]


@asynccontextmanager
async def telegram() -> AsyncIterator[RemoteStage]:
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
        yield RemoteStage(
            name="Telegram",
            begin=bot.listener.begin,
            fail=partial(api.fail, method="sendMessage"),
            faults={
                "slow down": too_many_requests(7),
                "internal error": internal_error(),
                "token refused": refused(401, "Unauthorized"),
            },
            requests=lambda: len(api.world.calls_of("sendMessage")),
            down=api.down,
            close=lambda: setattr(ann.chat, "access", Access.BLOCKED),
            revoke=lambda: setattr(api, "revoked", True),
            messenger=bot.messenger,
            address=Address(channel=Channel.TELEGRAM, bot=bot.messenger.bot, chat=str(ann.id)),
            shown=lambda: ["\n".join((one.text, *one.labels)) for one in ann.chat.shown],
            labels=lambda: [one for message in ann.chat.shown for one in message.labels],
            spoil={
                Postponed: lambda: api.fail(too_many_requests(7), method="sendMessage"),
                Gone: lambda: setattr(ann.chat, "access", Access.BLOCKED),
                Halted: lambda: setattr(api, "revoked", True),
                Unknown: lambda: api.fail(Drop(), method="sendMessage"),
            },
            spoil_change={
                Postponed: lambda: api.fail(too_many_requests(7), method="editMessageText"),
                Gone: lambda: setattr(ann.chat, "access", Access.BLOCKED),
                Halted: lambda: setattr(api, "revoked", True),
                Unknown: lambda: api.fail(Drop(), method="editMessageText"),
            },
            delete=lambda: delete_all(ann.chat.messages),
            replies=lambda: [replied(one.reply_to) for one in ann.chat.messages],
        )


@asynccontextmanager
async def discord() -> AsyncIterator[RemoteStage]:
    async def may_send(_: Address) -> None:
        pass

    async with (
        DiscordApi() as api,
        open_discord(
            DiscordSettings(token=api.token, api_url=api.url),
            FakeHandles(api.clock),
            now=api.clock,
            chance=random.Random(1),
            meter=FakeMeter(),
            may_send=may_send,
        ) as bot,
    ):
        ann = api.world.person("Ann")
        slow_down = discord_faults.too_many_requests(7)
        yield RemoteStage(
            name="Discord",
            begin=bot.listener.begin,
            fail=partial(api.fail, route="create_message"),
            faults={
                "slow down": slow_down,
                "internal error": discord_faults.internal_error(),
                "token refused": discord_faults.token_refused(),
            },
            requests=lambda: len(api.world.calls_of("create_message")),
            down=api.down,
            close=lambda: setattr(ann, "dms_open", False),
            revoke=lambda: setattr(api, "revoked", True),
            messenger=bot.messenger,
            address=Address(channel=Channel.DISCORD, bot=bot.messenger.bot, chat=str(ann.dm.id)),
            shown=lambda: [as_read(message) for message in ann.screen()],
            labels=lambda: [one for message in ann.screen() for one in message.labels],
            spoil={
                Postponed: lambda: api.fail(slow_down, route="create_message"),
                Gone: lambda: setattr(ann, "dms_open", False),
                Halted: lambda: setattr(api, "revoked", True),
                Unknown: lambda: api.fail(Drop(), route="create_message"),
            },
            spoil_change={
                Postponed: lambda: api.fail(slow_down, route="edit_message"),
                Halted: lambda: setattr(api, "revoked", True),
                Unknown: lambda: api.fail(Drop(), route="edit_message"),
            },
            delete=lambda: delete_all(ann.dm.messages),
            replies=lambda: [replied(one.reply_to) for one in ann.dm.messages],
        )


def phone_around() -> Around:
    url = "https://bell.example.org"
    return Around(meter=FakeMeter(), public_url=url, now=lambda: NOW, chance=random.Random(1))


def phones_at(service: Service, target: PushTarget) -> Any:
    """One phone of a service, that shows all that a card says."""
    return FakeTargets(
        {address_of(service, "1"): PhoneTarget(target=target, account=OWNER, details=True)}
    )


@asynccontextmanager
async def ntfy() -> AsyncIterator[RemoteStage]:
    settings, here = PushSettings(private_hosts=True), phone_around()
    async with NtfyServer() as server:
        phones = phones_at(Service.NTFY, NtfyTarget(server=server.url, topic="topic"))
        async with open_ntfy(settings, here, phones, FakeAddresses()) as bot:
            publish = partial(server.fail, method="POST")
            trouble: dict[type[Attempt], Callable[[], None]] = {
                Postponed: lambda: publish(ntfy_faults.slow_down(7)),
                Gone: lambda: setattr(server, "token", "another"),
                Unknown: lambda: publish(Drop()),
            }
            yield RemoteStage(
                name="ntfy",
                begin=bot.begin,
                fail=publish,
                faults={
                    "slow down": ntfy_faults.slow_down(7),
                    "internal error": ntfy_faults.refused(500, 50001, "internal server error"),
                },
                requests=lambda: len(server.calls),
                down=server.down,
                close=trouble[Gone],
                revoke=trouble[Gone],
                messenger=bot.messenger,
                address=address_of(Service.NTFY, "1"),
                shown=server.texts,
                labels=lambda: [str(one["label"]) for n in server.screen() for one in n.actions],
                spoil=trouble,
                spoil_change={
                    **trouble,
                    Postponed: lambda: server.fail(ntfy_faults.slow_down(7)),
                    Unknown: lambda: server.fail(Drop()),
                },
                delete=server.phone.clear,
                replies=lambda: [None] * len(server.screen()),
            )


@asynccontextmanager
async def pushover() -> AsyncIterator[RemoteStage]:
    async with PushoverServer() as server:
        settings = PushSettings(pushover_token=TOKEN, pushover_api_url=server.url)
        phones = phones_at(Service.PUSHOVER, PushoverTarget(user=USER))
        async with open_pushover(settings, phone_around(), phones, FakeAddresses()) as bot:
            slow_down = pushover_faults.slow_down(int(NOW.timestamp()) + 7)
            send = partial(server.fail, path="messages.json")
            yield RemoteStage(
                name="Pushover",
                begin=bot.begin,
                fail=send,
                faults={
                    "slow down": slow_down,
                    "internal error": pushover_faults.internal_error(),
                },
                requests=lambda: len(server.calls),
                down=server.down,
                close=server.users.clear,
                revoke=lambda: setattr(server, "token", "another"),
                messenger=bot.messenger,
                address=address_of(Service.PUSHOVER, "1"),
                shown=server.texts,
                labels=list,
                spoil={
                    Postponed: lambda: send(slow_down),
                    Gone: server.users.clear,
                    Halted: lambda: setattr(server, "token", "another"),
                    Unknown: lambda: send(Drop()),
                },
                spoil_change={},
                delete=server.phone.clear,
                replies=lambda: [None] * len(server.phone),
            )


@asynccontextmanager
async def browser() -> AsyncIterator[RemoteStage]:
    settings, key = PushSettings(private_hosts=True), PushKey(new_private_key())
    async with BrowserServer() as server:
        subscribed = server.browser(key.public)
        phones = phones_at(Service.BROWSER, subscribed.target)
        async with open_browsers(settings, phone_around(), phones, key) as bot:
            slow_down = browser_faults.refused(429, **{"Retry-After": "7"})
            trouble: dict[type[Attempt], Callable[[], None]] = {
                Postponed: lambda: server.fail(slow_down),
                Gone: lambda: setattr(subscribed, "expired", True),
                Unknown: lambda: server.fail(Drop()),
            }
            yield RemoteStage(
                name="web push",
                begin=bot.begin,
                fail=server.fail,
                faults={"slow down": slow_down, "internal error": browser_faults.refused(500)},
                requests=lambda: len(server.calls),
                down=server.down,
                close=trouble[Gone],
                revoke=trouble[Gone],
                messenger=bot.messenger,
                address=address_of(Service.BROWSER, "1"),
                shown=subscribed.texts,
                labels=lambda: [one["seen_label"] for one in subscribed.screen() if "seen" in one],
                spoil=trouble,
                spoil_change=trouble,
                delete=subscribed.pushed.clear,
                replies=lambda: [None] * len(subscribed.screen()),
            )


@asynccontextmanager
async def apprise() -> AsyncIterator[Stage]:
    """It says only whether it worked: why it did not, nobody knows."""
    settings = PushSettings(private_hosts=True, apprise=frozenset({"json"}))
    async with serving() as hook:
        phones = phones_at(Service.APPRISE, AppriseTarget(url=hook.url))
        nowhere = phones_at(Service.APPRISE, AppriseTarget(url="json://nobody.invalid/hook"))
        async with open_apprise(settings, phone_around(), phones, FakeAddresses()) as bot:
            yield Stage(
                messenger=bot.messenger,
                address=address_of(Service.APPRISE, "1"),
                shown=hook.texts,
                labels=list,
                spoil={
                    Postponed: lambda: phones.targets.update(nowhere.targets),
                    Gone: phones.targets.clear,
                    Unknown: lambda: setattr(hook, "status", 429),
                },
                spoil_change={},
                delete=hook.shown.clear,
                replies=lambda: [None] * len(hook.shown),
            )


def delete_all(messages: Sequence[TelegramMessage | Message]) -> None:
    for message in messages:
        message.deleted = True


def replied(to: int | None) -> str | None:
    return None if to is None else str(to)


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
        Unknown: Unknown(reason="lost"),
    }
    yield Stage(
        messenger=messenger,
        address=Address(channel=messenger.channel, bot=messenger.bot, chat="1"),
        shown=lambda: [text_of(card) for card in messenger.screen("1")],
        labels=lambda: [
            button.label for card in messenger.screen("1") for row in card.buttons for button in row
        ],
        spoil={kind: partial(messenger.script, "1", outcome) for kind, outcome in outcomes.items()},
        spoil_change={
            kind: partial(messenger.script_change, "1", outcome)
            for kind, outcome in outcomes.items()
        },
        delete=lambda: messenger.deleted.update(one.message for one in messenger.shown),
        replies=lambda: [one.replies_to for one in messenger.shown],
    )


Platform = Callable[[], AbstractAsyncContextManager[Stage]]
Remote = Callable[[], AbstractAsyncContextManager[RemoteStage]]

REMOTE: list[Remote] = [telegram, discord]
ALL: list[Platform] = [*REMOTE, fake]
PHONES: list[Remote] = [ntfy, pushover, browser]
"""What shows as much of a card as a lock screen has room for, and little to press."""

MESSENGERS: list[Platform] = [*ALL, *PHONES, apprise]
OVER_HTTP: list[Remote] = [*REMOTE, *PHONES]
WITH_A_TOKEN: list[Remote] = [*REMOTE, pushover]
"""Of the operator's, which can be refused."""

CHAT_TROUBLES: list[tuple[Platform, type[Attempt]]] = [
    *((telegram, kind) for kind in (Postponed, Gone, Halted, Unknown)),
    *((discord, kind) for kind in (Postponed, Gone, Halted, Unknown)),
    *((fake, kind) for kind in (Postponed, Gone, Halted, Unknown)),
]
TROUBLES: list[tuple[Platform, type[Attempt]]] = [
    *CHAT_TROUBLES,
    *((phone, kind) for phone in (ntfy, browser, apprise) for kind in (Postponed, Gone, Unknown)),
    *((pushover, kind) for kind in (Postponed, Gone, Halted, Unknown)),
]
"""What can go wrong where; a page in our own browser, say, is never refused."""

CHANGE_TROUBLES = [
    *(one for one in CHAT_TROUBLES if one != (discord, Gone)),
    *((phone, kind) for phone in (ntfy, browser) for kind in (Postponed, Gone, Unknown)),
]
"""A person who takes no more messages on Discord still has the old ones changed; on Pushover only
what rings until it is seen is, and no more than to ring no more.
"""


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
