"""The registry as the menu of Telegram's clients, and what they say of us."""

import re

from telegram import (
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
)

from adapters.telegram.api import BotApi
from bot.domain.commands import works_for_all
from bot.domain.marks import shown
from bot.services.commands.registry import SPECS
from bot.texts.getting_started import about, about_in_short
from bot.texts.language import ENGLISH, _, languages, speaking

_TWO_LETTERS = re.compile("[a-z]{2}")
"""The codes that Telegram takes."""


async def register_menu(api: BotApi) -> None:
    """Each command's line in the client's menu; in groups only what works there."""
    scopes: list[tuple[BotCommandScope, bool]] = [
        (BotCommandScopeAllGroupChats(), False),
        (BotCommandScopeAllPrivateChats(), True),
    ]
    for code, tag in _tags():
        for scope, private in scopes:
            with speaking(code):
                wanted = menu(private=private)
            if await api.get_my_commands(scope=scope, language_code=tag) != wanted:
                await api.set_my_commands(wanted, scope=scope, language_code=tag)


def menu(*, private: bool) -> tuple[BotCommand, ...]:
    """What is listed, in the language that is spoken."""
    return tuple(
        BotCommand(spec.name, shown(_(spec.summary)))
        for spec in SPECS
        if spec.menu and not spec.pods and (private or works_for_all(spec))
    )


async def describe(api: BotApi) -> None:
    """Say what we are where a person has not begun yet; what an operator wrote there stays."""
    for name, text in (("description", about), ("short_description", about_in_short)):
        method = f"My{name.title().replace('_', '')}"
        for code, tag in _tags():
            of = {} if tag is None else {"language_code": tag}
            # Where a language has nothing of its own, Telegram tells what everybody is told.
            ours = ("", None, shown(text()) if of else "")
            match await api.call(f"get{method}", of):
                case {**said} if said.get(name) in ours:
                    with speaking(code):
                        await api.call(f"set{method}", {name: shown(text()), **of})


def _tags() -> list[tuple[str, str | None]]:
    """Languages, and what Telegram calls them: nothing for whoever speaks no other of ours.

    Source: https://core.telegram.org/bots/api#setmycommands
    """
    codes = (code for code in languages() if code != ENGLISH)
    return [(ENGLISH, None), *((code, code) for code in codes if _TWO_LETTERS.fullmatch(code))]
