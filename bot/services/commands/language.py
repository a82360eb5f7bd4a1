"""`/language`: in which language a chat is told and answered."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.cards import Card, Option
from bot.domain.chats import Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import ALERTS
from bot.services.commands.wishes import undo, wish
from bot.texts import languages as texts
from bot.texts.language import language_meant, language_name, languages, later, speaking


async def _answer(request: AccountRequest) -> Card:
    given, before = request.arguments.text("language"), request.link.preferences.language
    if not given:
        return texts.which(language_name(before), await _all(request))
    chosen = language_meant(given)
    if chosen is None:
        return texts.none_called(given, request.spec, await _all(request))
    wants = await wish(
        request.desk,
        request.link,
        request.command.person,
        lambda wants: replace(wants, language=chosen),
        "language",
        chosen,
    )
    with speaking(chosen, wants.zone):
        return texts.spoken(language_name(chosen), [await undo(request, before)])


async def _all(request: AccountRequest) -> Sequence[Option]:
    codes = languages()
    actions = await request.asking_each(codes)
    return [
        Option(label=language_name(code), action=action)
        for code, action in zip(codes, actions, strict=True)
    ]


COMMAND = AccountCommand(
    spec=Spec(
        name="language",
        family=ALERTS,
        summary=later("The language in which I write to this chat"),
        example="Deutsch",
        arguments=(
            Argument(
                name="language",
                type=ArgumentType.LANGUAGE,
                description=later("such as English, Deutsch or es"),
            ),
        ),
        least=Role.OPERATOR,
        setting=True,
    ),
    answer=_answer,
)
