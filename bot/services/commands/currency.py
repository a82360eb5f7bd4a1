"""`/currency`: in which currency amounts are shown too."""

import re
from dataclasses import replace

from bot.domain.cards import Card, Option
from bot.domain.chats import Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.conversion import currencies_of
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import RESULTS
from bot.services.commands.wishes import undo, wish
from bot.texts import currencies as texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.language import later

_OFF = "off"

_CODE = re.compile(r"[A-Z][A-Z0-9]{1,9}")


async def _answer(request: AccountRequest) -> Card:
    given, before = request.arguments.text("currency"), request.link.preferences.currency
    session = await request.desk.feeds.session(request.account.id)
    heard = currencies_of(() if session is None else session.pairs)
    if not given:
        return texts.which(before, await _options(request, heard))
    chosen = "" if given.lower() == _OFF else given.upper()
    if chosen and not _CODE.fullmatch(chosen):
        return texts.not_a_currency(given)
    await wish(
        request.desk,
        request.link,
        request.command.person,
        lambda wants: replace(wants, currency=chosen),
        "currency",
        chosen or _OFF,
    )
    back = await undo(request, before or _OFF)
    return texts.chosen(chosen, [back], heard=chosen in heard)


async def _options(request: AccountRequest, heard: tuple[str, ...]) -> list[Option]:
    words = {one: one for one in heard[: MOST_CHOICES - 1]} | {_OFF: texts.none_of_them()}
    actions = await request.asking_each(list(words))
    return [
        Option(label=label, action=action)
        for label, action in zip(words.values(), actions, strict=True)
    ]


COMMAND = AccountCommand(
    spec=Spec(
        name="currency",
        family=RESULTS,
        summary=later("A currency in which amounts are shown too"),
        example="EUR",
        arguments=(
            Argument(
                name="currency",
                type=ArgumentType.TEXT,
                description=later("such as EUR, or off"),
            ),
        ),
        least=Role.OPERATOR,
        setting=True,
    ),
    answer=_answer,
)
