"""Every command works in every kind of chat, every card is whole in each, and the docs say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.discord import updates as discord
from adapters.discord.commands import registered
from adapters.discord.render import called
from adapters.telegram import updates as telegram
from adapters.web import updates as web
from adapters.web.render import commands_json
from bot.domain.cards import Card
from bot.domain.chats import Address, Channel, Person
from bot.domain.commands import Spec
from bot.domain.incoming import Command, Incoming
from bot.services.commands.registry import SPECS
from tests.parity import commands, tables
from tests.parity.examples import (
    EVERYTHING,
    QUIET,
    RINGING,
    SILENCED,
    TEXTS,
    WIDE,
    card_making_modules,
    examples,
)
from tests.parity.parts import FIELDS, parts
from tests.parity.screens import SCREENS

Json = Mapping[str, Any]


def on_telegram(spec: Spec) -> Incoming | None:
    message = {
        "message_id": 1,
        "chat": {"id": 7, "type": "private"},
        "from": {"id": 7, "is_bot": False},
        "text": f"/{spec.name} words",
    }
    return telegram.heard({"update_id": 1, "message": message}, telegram.BotIdentity(id="1")).said


def on_discord(spec: Spec) -> Incoming | None:
    """As Discord tells it: with the registered option, if there is one."""
    name, *names = called(spec.name).removeprefix("/").split()
    [command] = [one for one in registered() if one["name"] == name]
    interaction = {
        "id": "9",
        "token": "t",
        "application_id": "1",
        "type": 2,
        "channel_id": "7",
        "context": 1,
        "user": {"id": "7"},
        "data": {"name": name, "options": picked(command["options"], names)},
    }
    found = discord.heard({"t": "INTERACTION_CREATE", "d": interaction}, "1")
    return found.said if isinstance(found, discord.CommandAsked) else None


def picked(options: Sequence[Json], names: Sequence[str]) -> Sequence[Json]:
    """What Discord tells of a choice: each name's part, with the next one in it."""
    name, *rest = names
    [part] = [one for one in options if one["name"] == name]
    inner = part.get("options", ())
    return [
        {
            **part,
            "options": picked(inner, rest)
            if rest
            else [{**one, "value": "words"} for one in inner],
        }
    ]


def on_the_page(spec: Spec) -> Incoming | None:
    assert spec.name in [one["name"] for one in commands_json(SPECS)]
    say = web.Say(text=f"/{spec.name} words", nonce="n")
    place = Address(channel=Channel.WEB, bot="web", chat="room")
    person = Person(channel=Channel.WEB, id="room")
    return web.said(say, place, person, datetime(2026, 1, 5, tzinfo=UTC))


WAYS = {"Telegram": on_telegram, "Discord": on_discord, "chat page, inbox": on_the_page}


@pytest.mark.parametrize("platform", WAYS)
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_command_is_heard_on_every_platform_with_its_argument(spec: Spec, platform: str):
    said = WAYS[platform](spec)

    assert WAYS.keys() == commands.ASKED.keys()
    assert isinstance(said, Command)
    assert said.name == spec.name
    if spec.arguments:
        assert {*said.arguments.split()} == {"words"}


# --- cards --------------------------------------------------------------------------------


def test_every_field_of_a_card_is_looked_for():
    told = {kind for kinds in FIELDS.values() for kind in kinds.split(", ") if kind}

    assert {field.name for field in fields(Card)} == FIELDS.keys(), (
        "say in FIELDS of tests/parity/parts.py which parts stand for a new field of a card, yield"
        " them there, and give EVERYTHING in tests/parity/examples.py one."
    )
    assert {part.kind for card in (EVERYTHING, QUIET) for part in parts(card)} == told


def test_cards_are_made_only_where_their_makers_are_looked_for():
    texts = {module.__name__ for module in TEXTS.values()}
    assert card_making_modules() <= texts, (
        "let makers() in tests/parity/examples.py look for cards there too"
    )


@pytest.mark.parametrize("platform", SCREENS)
def test_every_part_of_every_card_is_shown_on_every_platform(platform: str):
    gaps = {
        name: gap
        for makers in examples().values()
        for name, cards in makers.items()
        for card in cards
        if (gap := tables.missing(card, platform))
    }

    assert gaps == {}, f"{platform} does not show all that these cards have"


@pytest.mark.parametrize("platform", SCREENS)
@pytest.mark.parametrize(
    "card", [EVERYTHING, QUIET, RINGING, SILENCED, WIDE], ids=lambda card: card.title
)
def test_every_kind_of_part_is_shown_on_every_platform(platform: str, card: Card):
    assert tables.missing(card, platform) == []


@pytest.mark.parametrize("name", tables.TABLES)
def test_the_tables_in_the_docs_are_true(name: str):
    assert tables.written(name) == tables.table(name), (
        "write the tables in docs/how-it-works.md anew, with: make golden"
    )


def test_every_command_is_offered_on_every_platform_and_whole_in_every_language():
    _, *rows = commands.rows()
    languages = slice(1 + len(WAYS), None)

    assert [
        row for row in rows if commands.NOWHERE in row or {*row[languages]} != {commands.ALL}
    ] == []
