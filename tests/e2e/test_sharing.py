"""Five share the chats of one account: who looks, presses and is offered what, until its owner
leaves.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.discord.servers import Servers
from adapters.telegram.groups import FRESH, Groups
from tests.e2e.processes import digits_in, sign_in
from tests.e2e.screens import Bubble, Screen, draw_all
from tests.integration.app import conftest, test_discord
from tests.integration.app.conftest import linked, running
from tests.standins import bot_api as telegram
from tests.standins import discord
from tests.standins.discord.world import USUAL, Permission

bot_api, settings, simulated = conftest.bot_api, conftest.settings, conftest.simulated
discord_api, on_discord = test_discord.discord_api, test_discord.on_discord

PICTURES = os.environ.get("TRADEBELL_TEST_PICTURES")
"""A folder for pictures of what people see; they are in docs/sharing.md."""

OWNER, OPERATOR, VIEWER, STRANGER, ADMINISTRATOR = "Ann", "Olga", "Vic", "Sam", "Max"
"""Max has begun the group and owns the server, and writes there as the group if he likes."""
PEOPLE = (ADMINISTRATOR, OWNER, OPERATOR, VIEWER, STRANGER)

STATUS, STOP, RIGHTS = "1 of 1 bot running", "Stop Night Owl?", "Others here may look"
ONLY_OWNER, LOOKS_ONLY = "Only the person who linked this chat", "You may look but not use"
NO_PRESS = "You may not do that here."

DEEDS = ("/status", "/pause night owl", "Stop Night Owl", "/members")
"""The third is a button under an alert."""

PRESSED = ("Stop Night Owl", "Seen", "I have it …")

MAY: Mapping[str, tuple[str, str, str, str]] = {
    OWNER: (STATUS, STOP, STOP, RIGHTS),
    OPERATOR: (STATUS, STOP, STOP, ONLY_OWNER),
    VIEWER: (STATUS, LOOKS_ONLY, NO_PRESS, ONLY_OWNER),
    STRANGER: (ONLY_OWNER, ONLY_OWNER, NO_PRESS, ONLY_OWNER),
    ADMINISTRATOR: (STATUS, LOOKS_ONLY, NO_PRESS, ONLY_OWNER),
}
"""How each of them is answered. To be an administrator gives no more than all have."""

OFFERED: Mapping[str, Mapping[str, Sequence[str]]] = {
    OWNER: {"status": ["Night Owl"], "pause": ["Night Owl"]},
    OPERATOR: {"status": ["Night Owl"], "pause": ["Night Owl"]},
    VIEWER: {"status": ["Night Owl"], "pause": []},
    STRANGER: {"status": [], "pause": []},
    ADMINISTRATOR: {"status": ["Night Owl"], "pause": []},
}
"""What is completed while a bot's name is typed, by command."""


@dataclass
class Ahead:
    """Of the clock by which it is believed that somebody is there."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return asyncio.get_running_loop().time() + self.seconds


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Ahead:
    clock = Ahead()
    made = {
        "adapters.telegram.bot.Groups": lambda api, _: Groups(api, clock),
        "adapters.discord.bot.Servers": lambda http, _, *more: Servers(http, clock, *more),
    }
    for name, make in made.items():
        monkeypatch.setattr(name, make)
    # People take their time between two questions.
    monkeypatch.setattr("bot.services.commands.router.EARNED", timedelta(milliseconds=1))
    return clock


class Group:
    """A group on Telegram, where all read what anybody is answered."""

    name = "Telegram, the group Desk"

    def __init__(self, api: telegram.BotApi) -> None:
        self.world = api.world
        self.people = {name: api.world.person(name) for name in PEOPLE}
        self.chat = api.world.group("Desk", *self.people.values())
        self.chat.admins |= {self.people[OWNER].id, self.people[ADMINISTRATOR].id}
        self.alert: telegram.Message

    async def shows(self, words: str) -> telegram.Message:
        return await self.world.message_where(
            lambda one: one.chat is self.chat and words in one.text
        )

    async def says(self, name: str, line: str) -> telegram.Message:
        command, _, rest = line.partition(" ")
        asked = self.people[name].types(f"{command}@tradebell_bot {rest}".strip(), self.chat)
        return await self.world.message_where(
            lambda one: one.chat is self.chat and one.id > asked.id
        )

    async def does(self, name: str, deed: str) -> list[Bubble]:
        """What then shows."""
        if deed.startswith("/"):
            answer = await self.says(name, deed)
            said = Bubble(deed, by=name, ours=False)
            return [said, Bubble(answer.text, answer.labels, "Tradebell")]
        before = len(self.world.messages)
        told = (await self.people[name].presses(self.alert, deed).answered()).text
        if told:
            return [Bubble(told, by=f"{name} presses {deed}, and reads alone", aside=True)]
        (answer,) = await self.world.until(lambda: self.world.messages[before:])
        return [Bubble(answer.text, answer.labels, f"{name} presses {deed}")]

    async def link(self, user: Any) -> list[Screen]:
        """In private, by who has a say; gives what shows before the log-in."""
        ann = self.people[OWNER]
        asked = await self.does(OWNER, "/link")
        address = next(one for one in reversed(self.chat.shown) if one.buttons).buttons[0][0].url
        assert address is not None
        ann.types(f"/start {address.partition('?start=')[2]}")
        consent = await self.world.message_where(lambda one: "Link Desk?" in one.text)
        private = Bubble(without_address(consent.text), by="Tradebell")
        page = next(word for word in consent.text.split() if "/link/" in word)
        signed_in = await sign_in(page, email=user.email, password=user.password, agreed="yes")
        ann.types(digits_in(signed_in))
        await self.shows("This group is linked to a trading account")
        return [Screen(self.name, asked), Screen("Telegram, private, after that button", [private])]

    async def give(self, role: str, name: str = "") -> None:
        number = str(self.people[name].id) if name else ""
        card = await self.says(OWNER, f"/members {role} {number}".strip())
        if card.labels:
            self.people[OWNER].presses(card, "Allow it")
            await self.world.until(lambda: not card.labels)

    def leaves(self, name: str) -> None:
        del self.chat.members[self.people[name].id]

    def returns(self, name: str) -> None:
        self.chat.members[self.people[name].id] = self.people[name]


class Room:
    """A channel on Discord, where each is answered alone."""

    name = "Discord, #desk"

    def __init__(self, api: discord.DiscordApi) -> None:
        self.world = api.world
        self.people = {name: api.world.person(name) for name in PEOPLE}
        self.server = api.world.guild("Alpha", *self.people.values())
        owner = self.people[OWNER]
        self.server.permissions[owner.id] = USUAL | Permission.MANAGE_CHANNELS
        self.channel = self.server.channel("desk")
        self.alert: discord.Message

    async def shows(self, words: str) -> discord.Message:
        return await self.world.message_where(
            lambda one: one.channel is self.channel and not one.ephemeral and words in one.text
        )

    async def says(self, name: str, line: str, **options: str) -> discord.Message:
        return await self.people[name].runs(f"bell {line}", self.channel, **options).answered()

    async def does(self, name: str, deed: str) -> list[Bubble]:
        asked = f"/bell {deed[1:]}" if deed.startswith("/") else deed
        if deed.startswith("/"):
            command, _, bot = deed[1:].partition(" ")
            answer = await self.says(name, command, **({"bot": bot} if bot else {}))
        else:
            answer = await self.people[name].presses(self.alert, deed).followed_up()
        assert answer.ephemeral
        return [Bubble(as_read(answer), answer.labels, f"{asked}: only {name} can see this")]

    async def offered(self, name: str, command: str) -> list[str]:
        asked = self.people[name].types_into_autocomplete(
            f"bell {command}", "bot", "ni", self.channel
        )
        return [one.name for one in await asked.completed()]

    async def link(self, user: Any) -> list[Screen]:
        ann = self.people[OWNER]
        address = await self.says(OWNER, "link")
        asked = Bubble(without_address(as_read(address)), by=f"only {OWNER} can see this")
        page = next(word for word in address.text.split() if "/link/" in word)
        signed_in = await sign_in(page, email=user.email, password=user.password, agreed="yes")
        form = await ann.presses(address, "Type the six digits").opened()
        await ann.submits(form, {form.labels[0]: digits_in(signed_in)}).answered()
        return [Screen(self.name, [asked])]

    async def give(self, role: str, name: str = "") -> None:
        who = {"who": f"<@{self.people[name].id}>"} if name else {}
        card = await self.says(OWNER, "members", role=role, **who)
        if card.labels:
            self.people[OWNER].presses(card, "Allow it")
            await self.world.until(lambda: not card.labels)

    def leaves(self, name: str) -> None:
        self.server.remove(self.people[name])

    def returns(self, name: str) -> None:
        self.server.add(self.people[name])


def as_read(message: discord.Message) -> str:
    """A message on Discord line by line, a field's name before it."""
    lines = [] if message.embeds else [message.content]
    for one in message.embeds:
        lines += [one["title"], one.get("description", "")]
        lines += [f"{field['name']}: {field['value']}" for field in one.get("fields", ())]
        lines.append(one.get("footer", {}).get("text", ""))
    return "\n".join(line for line in lines if line).replace("\\", "")


def without_address(text: str) -> str:
    """As it is where the pages have a name of their own."""
    words = text.split("http://")
    return "https://bell.example/link/".join(
        (words[0], *(one.partition("/link/")[2] for one in words[1:]))
    )


def who_may_what(
    group: Group,
    room: Room,
    hidden: Sequence[Bubble],
    answered: Mapping[tuple[str, str, str], Sequence[Bubble]],
) -> dict[str, list[Screen]]:
    look, do, press, _ = DEEDS

    def shown(place: Group | Room, *done: tuple[str, str]) -> list[Bubble]:
        return [one for name, deed in done for one in answered[place.name, name, deed]]

    alert = Bubble(group.alert.earlier[0], PRESSED, "Tradebell")
    in_group = [alert, *shown(group, (VIEWER, look), (VIEWER, do), (VIEWER, press))]
    refused = [*shown(group, (STRANGER, look)), *hidden]
    there = Bubble(room.alert.earlier[0].partition("\n")[2], PRESSED, "Tradebell")
    in_room = [there, *shown(room, (VIEWER, look), (VIEWER, press), (OPERATOR, press))]
    return {
        "telegram": [Screen(group.name, in_group)],
        "refused": [Screen(group.name, refused)],
        "discord": [Screen(room.name, in_room, dark=True)],
    }


async def test_five_share_the_chats_of_one_account_until_its_owner_leaves(
    settings, simulated, bot_api, discord_api, on_discord, ahead, chromium
):
    runs = {"running": True, "status": "running", "dry_run": False}
    await simulated.platform.change("traders", simulated.owl, runs)
    group, room = Group(bot_api), Room(discord_api)
    both: tuple[Group | Room, ...] = group, room
    private = group.people[OWNER].chat
    pictures: dict[str, list[Screen]] = {}
    # Nobody here has ten minutes until a chat is old enough for a new operator.
    async with running(settings(STEP_UP="false", **on_discord)) as product:
        await linked(product, bot_api, group.people[OWNER], simulated.alice)
        await discord_api.gateway.connected()
        await room.world.until(lambda: room.world.commands[None])

        # Nobody but who has a say links a chat, and who hides has none.
        group.world.types_anonymously(group.chat, "/link@tradebell_bot")
        masked = await group.shows("does not tell me who you are")
        hidden = [
            Bubble("/link", by="the group itself (an anonymous administrator)", ours=False),
            Bubble(masked.text, by="Tradebell"),
        ]
        for place in both:
            refused = await place.does(STRANGER, "/link")
            assert "You cannot link" in refused[-1].text
            linking = await place.link(simulated.alice)
            pictures.setdefault("linking", linking)
            await place.give("viewer")
            await place.give("operator", OPERATOR)
            await place.give("nobody", STRANGER)

        # An alert comes, and each tries everything.
        await simulated.alarm("Insufficient balance")
        for place in both:
            place.alert = await place.shows("Insufficient balance")
        answered = {
            (place.name, name, deed): await place.does(name, deed)
            for place in both
            for name in MAY
            for deed in DEEDS
        }
        offered = {
            name: {command: await room.offered(name, command) for command in commands}
            for name, commands in OFFERED.items()
        }
        heard = len(group.chat.shown)
        group.world.types_anonymously(group.chat, "/status@tradebell_bot")

        # A card belongs to who asked for it; the operator's press stops the bot everywhere.
        card = next(one for one in reversed(group.chat.shown) if STOP in one.text)
        by_viewer = await group.people[VIEWER].presses(card, "Stop Night Owl").answered()
        before = group.alert.labels, room.alert.labels
        await group.people[OPERATOR].presses(card, "Stop Night Owl").answered()
        await group.world.until(lambda: not group.alert.labels)
        await room.world.until(lambda: not room.alert.labels)
        unanswered = [one.text for one in group.chat.shown[heard:]]

        # The owner leaves: others are answered nothing of the account, and nothing rings there.
        for place in both:
            place.leaves(OWNER)
        ahead.seconds += FRESH.total_seconds()
        rests = {place.name: await place.does(VIEWER, "/status") for place in both}
        await simulated.trade(7)
        for closed in ("Your Telegram chat Desk is", "Your Discord chat #desk in Alpha is"):
            await bot_api.world.until(
                lambda words=closed: any(words in one.text for one in private.shown)
            )
        shown = [one.text for one in group.chat.shown]
        shown += [one.text for one in room.channel.messages]

        # The owner is back: what was kept comes.
        for place in both:
            place.returns(OWNER)
            await place.does(OWNER, "/status")
            await place.shows("Bought 7 BTC/USDT")

    if PICTURES:
        pictures |= who_may_what(group, room, hidden, answered)
        rested = Bubble("(Ann has left the group)", ours=False)
        pictures["left"] = [Screen(group.name, [rested, *rests[group.name]])]
        files = {Path(PICTURES, f"sharing-{one}.png"): told for one, told in pictures.items()}
        await draw_all(files, chromium)

    wrong = [
        (*done, bubbles[-1].text)
        for done, bubbles in answered.items()
        if MAY[done[1]][DEEDS.index(done[2])] not in bubbles[-1].text
    ]
    assert wrong == []
    for place in both:
        assert rests[place.name][-1].text.startswith("This chat rests")
    assert offered == OFFERED
    assert "Only the person who asked may press this" in by_viewer.text
    assert before == (PRESSED, PRESSED)
    assert "Stopped from Telegram" in group.alert.text
    assert "Stopped from Telegram" in room.alert.text
    assert unanswered == ["/status@tradebell_bot"]
    assert not any("Bought 7" in text for text in shown)
