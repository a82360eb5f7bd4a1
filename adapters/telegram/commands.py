"""The registry as the menu of Telegram's clients, and what they say of us."""

import re
from collections.abc import Iterable, Sequence

from telegram import (
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)

from adapters.chat.exchange import NoAnswer
from adapters.telegram.api import BotApi
from adapters.telegram.faults import RefusalKind, trouble
from adapters.telegram.transport import TelegramRefusal
from bot.domain.chats import Address
from bot.domain.commands import Spec, works_for_all
from bot.domain.marks import shown
from bot.errors import Refused, TryLater
from bot.services.commands.registry import SPECS
from bot.texts.getting_started import about, about_in_short
from bot.texts.language import ENGLISH, _, languages, speaking

_TWO_LETTERS = re.compile("[a-z]{2}")
"""The codes that Telegram takes."""


async def register_menu(api: BotApi) -> None:
    """Each command's line in the client's menu; in groups only what works there.

    That is all of them where the server lets one person alone ask and read: whether it does shows
    in what it keeps of what is set.
    """
    asides: bool | None = None
    for code, tag in _tags():
        with speaking(code):
            alone, in_private = for_asides(), everybodys(private=True)
            among_others = everybodys(private=False)
        first = [among_others] if asides is False else [alone, among_others]
        kept = await _list(api, BotCommandScopeAllGroupChats(), tag, first)
        asides = kept is alone
        await _list(api, BotCommandScopeAllPrivateChats(), tag, [in_private])


_Menu = Sequence[BotCommand]


async def _list(
    api: BotApi, scope: BotCommandScope, tag: str | None, menus: Sequence[_Menu]
) -> _Menu:
    """Gives which of some menus is listed: what is listed already stays, else it is the first that
    the server keeps as it is, or the last.
    """
    there = {"scope": scope.to_dict(), **({} if tag is None else {"language_code": tag})}
    listed = await api.call("getMyCommands", there)
    for menu in menus:
        if listed == [line.to_dict() for line in menu]:
            return menu
    for menu in menus:
        wanted = [line.to_dict() for line in menu]
        await api.call("setMyCommands", {**there, "commands": wanted})
        if menu is menus[-1] or await api.call("getMyCommands", there) == wanted:
            return menu
    raise AssertionError("there is a last one")


def for_asides() -> tuple[BotCommand, ...]:
    """What is listed in groups where the answer is for who asks, in the language that is spoken."""
    listed = lines(spec for spec in SPECS if not (spec.pods or spec.live))
    return tuple(
        BotCommand(line.command, line.description, api_kwargs={"is_ephemeral": True})
        for line in listed
    )


def everybodys(*, private: bool) -> tuple[BotCommand, ...]:
    """What is listed, in the language that is spoken."""
    return lines(spec for spec in SPECS if not spec.pods and (private or works_for_all(spec)))


async def show_menu(api: BotApi, address: Address, specs: Sequence[Spec] | None) -> None:
    """See `ports.ShowMenu`. Topics have no menus of their own: they show their chat's."""
    scope = BotCommandScopeChat(int(address.chat)).to_dict()
    try:
        if specs is None:
            await api.call("deleteMyCommands", {"scope": scope})
        else:
            menu = [one.to_dict() for one in lines(specs)]
            await api.call("setMyCommands", {"commands": menu, "scope": scope})
    except NoAnswer as lost:
        raise TryLater(str(lost)) from lost
    except TelegramRefusal as refusal:
        if trouble(refusal) in (RefusalKind.PACE, RefusalKind.TOKEN) or refusal.status >= 500:
            raise TryLater(str(refusal), refusal.retry_after) from refusal
        raise Refused(str(refusal)) from refusal


def lines(specs: Iterable[Spec]) -> tuple[BotCommand, ...]:
    """In the language that is spoken."""
    return tuple(BotCommand(spec.name, shown(_(spec.summary))) for spec in specs if spec.menu)


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
