"""Every command works in every kind of chat, and the table that says so is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.discord import updates as discord
from adapters.discord.commands import registered
from adapters.telegram import updates as telegram
from adapters.web import updates as web
from adapters.web.render import commands_json
from bot.domain.commands import COMMANDS, Command, Said, Spec
from bot.domain.links import Address, Channel

DOCS = Path(__file__).parents[2] / "docs" / "how-it-works.md"


def on_telegram(spec: Spec) -> Said | None:
    message = {
        "message_id": 1,
        "chat": {"id": 7, "type": "private"},
        "from": {"id": 7, "is_bot": False},
        "text": f"/{spec.name} words",
    }
    return telegram.heard({"update_id": 1, "message": message}, telegram.Us(id="1")).said


def on_discord(spec: Spec) -> Said | None:
    """As Discord tells it: with the registered option, if there is one."""
    (bell,) = registered()
    [part] = [one for one in bell["options"] if one["name"] == spec.name]
    options = [{**option, "value": "words"} for option in part.get("options", ())]
    interaction = {
        "id": "9",
        "token": "t",
        "application_id": "1",
        "type": 2,
        "channel_id": "7",
        "context": 1,
        "user": {"id": "7"},
        "data": {"name": bell["name"], "options": [{**part, "options": options}]},
    }
    found = discord.heard({"t": "INTERACTION_CREATE", "d": interaction}, "1")
    return found.said if isinstance(found, discord.Asked) else None


def on_the_page(spec: Spec) -> Said | None:
    assert spec.name in [one["name"] for one in commands_json(COMMANDS)]
    say = web.Say(text=f"/{spec.name} words", nonce="n")
    return web.said(say, Address(channel=Channel.WEB, bot="web", chat="room"))


WAYS = {"Telegram": on_telegram, "Discord": on_discord, "chat page": on_the_page}
TYPED = {"Telegram": "/{}", "Discord": "/bell {}", "chat page": "/{}"}


@pytest.mark.parametrize("platform", WAYS)
@pytest.mark.parametrize("spec", COMMANDS, ids=lambda spec: spec.name)
def test_every_command_is_heard_on_every_platform_with_its_argument(spec: Spec, platform: str):
    said = WAYS[platform](spec)

    assert isinstance(said, Command)
    assert said.name == spec.name
    if spec.argument is not None:
        assert said.arguments == "words"


def test_the_table_of_commands_and_platforms_is_true():
    rows = [
        f"| {' | '.join(('command', *WAYS))} |",
        f"| {' | '.join('---' for _ in range(len(WAYS) + 1))} |",
        *(
            f"| {spec.name} | {' | '.join(f'`{TYPED[one].format(spec.name)}`' for one in WAYS)} |"
            for spec in COMMANDS
        ),
    ]
    text = DOCS.read_text(encoding="utf-8")
    table = text.partition("<!-- parity: checked by a test -->\n")[2].partition("<!-- end")[0]

    assert table.strip().splitlines() == rows
