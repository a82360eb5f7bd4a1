"""`/currency`: in which currency amounts are shown too."""

from collections.abc import Collection
from dataclasses import replace

from bot.domain.cards import Card, Option
from bot.domain.chats import Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.conversion import COMMON, currencies_of
from bot.domain.names import nearest
from bot.domain.spoken_rules import CURRENCIES
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import RESULTS
from bot.services.commands.wishes import undo, wish
from bot.texts import currencies as texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.language import later

_OFF = "off"


async def _answer(request: AccountRequest) -> Card:
    given, before = request.arguments.text("currency"), request.link.preferences.currency
    session = await request.desk.feeds.session(request.account.id)
    heard = currencies_of(() if session is None else session.pairs)
    if not given:
        return texts.which(before, await _options(request, heard, none=True))
    chosen = "" if given.lower() == _OFF else given.upper()
    traded = currencies_of(await request.desk.pairs(request.account.id))
    if chosen and not _is_one(chosen, {*heard, *traded, *COMMON, *CURRENCIES}):
        near = nearest(given, dict.fromkeys((*heard, *traded, *COMMON)))
        return texts.not_a_currency(given, await _options(request, near))
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


def _is_one(code: str, known: Collection[str]) -> bool:
    return code in known or texts.is_known_to_all(code)


async def _options(
    request: AccountRequest, currencies: tuple[str, ...], *, none: bool = False
) -> list[Option]:
    """
    Args:
        none: with one for none of them.
    """
    words = {one: one for one in currencies[: MOST_CHOICES - 1]}
    if none:
        words[_OFF] = texts.none_of_them()
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
                type=ArgumentType.CURRENCY,
                description=later("such as EUR, or off"),
                offers=(*COMMON, _OFF),
            ),
        ),
        least=Role.OPERATOR,
        setting=True,
    ),
    answer=_answer,
)
