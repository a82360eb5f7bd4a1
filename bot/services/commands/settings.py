"""`/settings`: all that a chat wants at a glance, and the way to each choice."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.cards import Button, Card, Option
from bot.domain.chats import Link, Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.ids import ActionId
from bot.domain.visits import Purpose
from bot.domain.wishes import without_ended
from bot.policy.ruling import DEFAULTS, in_order
from bot.services.commands.desk import AccountRequest, CommandRequest, Desk, OpenCommand
from bot.texts import getting_started
from bot.texts import settings as texts
from bot.texts.language import later

_NAME = "settings"
_CLOSE = "close"
_PAGE = "page"


async def _answer(request: CommandRequest) -> Card:
    desk, link, person = request.desk, request.link, request.command.person
    given = request.arguments.text("words")
    if link is None or await desk.access.refusal(request.spec, person, link) is not None:
        return getting_started.settings(link)
    if given.lower() == _CLOSE:
        return texts.closed()
    if given.lower() == _PAGE:
        url = await desk.visiting.invite(Purpose.SETTINGS, link, person)
        return texts.page_address(url, cut_off=desk.linking.is_cut_off(link.endpoint.address))
    now, role = desk.now(), link.role_of(person.id)
    link = replace(link, preferences=without_ended(link.preferences, now))
    return texts.overview(
        link,
        in_order(link.preferences.rules),
        DEFAULTS,
        await desk.known_bots(link.account),
        now,
        await _choices(desk, link, person.id, role) if role else (),
        [
            await _leads_to(desk, link, person.id, _PAGE, texts.as_a_page()),
            await _leads_to(desk, link, person.id, _CLOSE, texts.close()),
        ],
        unknown=given,
    )


async def _choices(desk: Desk, link: Link, person: str, role: Role) -> Sequence[Option]:
    """What this person may change."""
    names = texts.CHOICES if role.covers(Role.OPERATOR) else ()
    if not link.endpoint.private and person == link.person:
        names = (*names, texts.MEMBERS)
    return [
        Option(label=texts.choice(name), action=await _asks(desk, link, person, name))
        for name in names
    ]


async def below(card: Card, request: AccountRequest) -> Card:
    """An answer to what was asked below `/settings`, with the way back."""
    desk, link, person = request.desk, request.link, request.command.person.id
    way_back = (
        await _leads_to(desk, link, person, "", texts.back()),
        await _leads_to(desk, link, person, _CLOSE, texts.close()),
    )
    return replace(card, buttons=(*card.buttons, way_back))


async def _leads_to(desk: Desk, link: Link, person: str, words: str, label: str) -> Button:
    return Button(label=label, action=await _asks(desk, link, person, words))


async def _asks(desk: Desk, link: Link, person: str, words: str) -> ActionId:
    [action] = await desk.acting.choices(link, person, f"{_NAME} {words}".strip(), [()])
    return action


COMMAND = OpenCommand(
    spec=Spec(
        name=_NAME,
        summary=later("All that can be set, at a glance"),
        example="mute 2h",
        arguments=(
            Argument(
                name="words",
                type=ArgumentType.TEXT,
                description=later("such as quiet 22-7, mute 2h, timezone Berlin"),
                offers=(
                    "quiet 22-7",
                    "mute 2h",
                    "timezone Berlin",
                    "currency EUR",
                    "digest daily 8:00",
                ),
            ),
        ),
        least=None,
    ),
    answer=_answer,
)
