"""`/phone`: phones of one's own that a push service rings, beside the chat."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.cards import Button, Card, Option
from bot.domain.chats import Hears, Link, Person
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.deliveries import Gone
from bot.domain.incoming import Place
from bot.domain.linking import WrongDigits
from bot.domain.phones import BrowserTarget, Phone, Service, read_apprise, read_ntfy, read_pushover
from bot.services.commands.desk import AccountCommand, AccountRequest, Desk
from bot.services.commands.families import ALERTS
from bot.services.phoning import MOST_PHONES
from bot.texts import access
from bot.texts import phones as texts
from bot.texts.language import later

_NAME = "phone"


async def _answer(request: AccountRequest) -> Card:
    if not request.link.endpoint.private:
        return access.only_in_private(request.spec)
    word, *rest = request.arguments.text("words").split() or [""]
    match word.lower():
        case "":
            return await _list(request)
        case Service.NTFY:
            return await _add_ntfy(request, rest)
        case Service.PUSHOVER:
            return await _add_pushover(request, rest)
        case Service.APPRISE:
            return await _add_apprise(request, rest)
        case "test":
            return await _test(request, rest)
        case "privacy" if not rest or rest[0].lower() in _SWITCHED:
            return await _privacy(request, rest)
        case "show" | "code" | "remove" | "hears" | "details" if rest:
            return await _about(request, word.lower(), rest)
        case _:
            return texts.not_understood()


async def _list(request: AccountRequest) -> Card:
    phones = await request.desk.phoning.of(request.link)
    if not phones:
        services = request.desk.phoning.services
        return texts.none_yet(services, await _offer_ntfy(request))
    if len(phones) == 1:
        return await _shown(request.desk, request.link, request.command.person, phones[0])
    options = [
        Option(label=f"{number}. {texts.name(one)}", action=action)
        for number, one in enumerate(phones, 1)
        for action in await request.asking(f"show {one.endpoint.id}")
    ]
    return texts.listed(phones, options)


async def _offer_ntfy(request: AccountRequest) -> Sequence[Button]:
    [action] = await request.asking(f"ntfy {texts.PUBLIC_NTFY}")
    return (Button(label=texts.use_ntfy_label(), action=action),)


# --- added --------------------------------------------------------------------------------


async def _add_ntfy(request: AccountRequest, words: list[str]) -> Card:
    phoning = request.desk.phoning
    if not words:
        return texts.which_server(await _offer_ntfy(request))
    target = read_ntfy(words, phoning.new_topic(), plain=phoning.private_hosts)
    if target is None:
        return texts.not_a_server(private=phoning.private_hosts)
    if await _are_too_many(request):
        return texts.too_many(MOST_PHONES)
    phone = await phoning.add(request.link, request.command.person, Service.NTFY, target)
    [send] = await request.asking(f"code {phone.endpoint.id}")
    return texts.subscribe(target, Button(label=texts.send_code_label(), action=send))


async def _add_pushover(request: AccountRequest, words: list[str]) -> Card:
    phoning = request.desk.phoning
    if Service.PUSHOVER not in phoning.services:
        return texts.no_pushover()
    target = read_pushover(words)
    if target is None:
        return texts.not_a_key()
    if await _are_too_many(request):
        return texts.too_many(MOST_PHONES)
    phone = await phoning.add(request.link, request.command.person, Service.PUSHOVER, target)
    return await _send_code(request, phone)


async def _add_apprise(request: AccountRequest, words: list[str]) -> Card:
    phoning = request.desk.phoning
    if Service.APPRISE not in phoning.services:
        return texts.no_apprise()
    target = read_apprise(words, phoning.apprise)
    if target is None:
        return texts.not_an_apprise_address(sorted(phoning.apprise))
    if await _are_too_many(request):
        return texts.too_many(MOST_PHONES)
    phone = await phoning.add(request.link, request.command.person, Service.APPRISE, target)
    return await _send_code(request, phone)


async def _are_too_many(request: AccountRequest) -> bool:
    return len(await request.desk.phoning.of(request.link)) >= MOST_PHONES


async def _send_code(request: AccountRequest, phone: Phone) -> Card:
    return await _code_sent(request.desk, request.link, request.command.person, phone)


async def _code_sent(desk: Desk, link: Link, person: Person, phone: Phone) -> Card:
    attempt = await desk.phoning.send_code(phone, texts.code)
    if phone.service is Service.BROWSER and isinstance(attempt, Gone):
        await desk.phoning.remove(link, person, phone)  # it subscribes anew, if anything
        return texts.not_rung(phone, attempt)
    asked = f"{_NAME} code {phone.endpoint.id}"
    [again] = await desk.acting.choices(link, person.id, asked, [()])
    button = Button(label=texts.send_code_label(), action=again)
    return texts.code_sent(phone, attempt, (button,))


async def ring_browser(
    desk: Desk, link: Link, person: Person, target: BrowserTarget, before: str = ""
) -> Card | None:
    """Let the browser ring that has an inbox; nothing is to be told if it only has moved.

    Args:
        before: its address until now, which nobody else knows but its push service.
    """
    phoning = desk.phoning
    own = [one for one in await phoning.of(link) if one.service is Service.BROWSER]
    for phone in own:
        known = await phoning.target(phone)
        if known == target:
            return await _known(desk, link, person, phone)
        if phone.link is not None and isinstance(known, BrowserTarget) and known.endpoint == before:
            await phoning.move(link, person, phone, target)
            return None
    if len(await phoning.of(link)) - len(own) >= MOST_PHONES:
        return texts.too_many(MOST_PHONES)
    coded = max((one.coded_at for one in own if one.coded_at is not None), default=None)
    for phone in own:
        await phoning.remove(link, person, phone)
    added = await phoning.add(link, person, Service.BROWSER, target)
    return await _code_sent(desk, link, person, replace(added, coded_at=coded))


async def _known(desk: Desk, link: Link, person: Person, phone: Phone) -> Card:
    if phone.link is None:
        return await _code_sent(desk, link, person, phone)
    return await _shown(desk, link, person, phone)


async def phone_by(desk: Desk, place: Place, person: Person, digits: str) -> Card:
    """Link a phone, if these are the digits that it shows."""
    outcome = await desk.phoning.prove(place, person, digits)
    if isinstance(outcome, WrongDigits):
        return texts.digits_refused(outcome)
    link = await desk.links.at(place.address)
    buttons = [] if link is None else await _buttons(desk, link, person, outcome)
    return texts.proven(outcome, buttons)


# --- looked at, changed, taken away -------------------------------------------------------


async def _about(request: AccountRequest, word: str, words: list[str]) -> Card:
    desk, link, person = request.desk, request.link, request.command.person
    phone = await _called(desk, link, words[0])
    if phone is None:
        return texts.no_such_phone()
    match word, words[1:]:
        case "remove", _:
            await desk.phoning.remove(link, person, phone)
            return texts.removed(phone)
        case "code", _ if phone.link is None:
            return await _send_code(request, phone)
        case "hears", [wanted] if wanted in set(Hears):
            await desk.phoning.hear(phone, Hears(wanted))
        case "details", [wanted] if wanted in _SWITCHED:
            await desk.phoning.show_details(phone, _SWITCHED[wanted])
        case _:
            return await _shown(desk, link, person, phone)
    changed = await _called(desk, link, phone.endpoint.id)
    return await _shown(desk, link, person, changed or phone, changed=True)


async def _called(desk: Desk, link: Link, called: str) -> Phone | None:
    phones = await desk.phoning.of(link)
    return next((one for one in phones if one.endpoint.id == called), None)


_SWITCHED = {"on": True, "off": False}


async def _privacy(request: AccountRequest, words: list[str]) -> Card:
    """Of all phones: with privacy on, their lock screens show no details."""
    desk = request.desk
    for phone in await desk.phoning.of(request.link) if words else ():
        await desk.phoning.show_details(phone, not _SWITCHED[words[0].lower()])
    return await _list(request)


async def _test(request: AccountRequest, words: list[str]) -> Card:
    desk = request.desk
    phones = [one for one in await desk.phoning.of(request.link) if one.link is not None]
    wanted = [one for one in phones if not words or one.endpoint.id == words[0]]
    if not wanted:
        return texts.none_to_ring()
    return texts.rung([(one, await desk.phoning.try_out(one, texts.trial())) for one in wanted])


async def _shown(
    desk: Desk, link: Link, person: Person, phone: Phone, *, changed: bool = False
) -> Card:
    return texts.about(phone, await _buttons(desk, link, person, phone), changed=changed)


async def _buttons(
    desk: Desk, link: Link, person: Person, phone: Phone
) -> Sequence[Sequence[Button]]:
    """What may be done with a phone."""
    found = phone.endpoint.id
    remove = (f"remove {found}", texts.remove_label())
    if phone.link is None:
        rows = [[(f"code {found}", texts.send_code_label()), remove]]
    else:
        others = [one for one in Hears if one is not phone.hears]
        switch = "off" if phone.details else "on"
        rows = [
            [(f"test {found}", texts.test_label())],
            [(f"hears {found} {one}", texts.hears_label(one)) for one in others],
            [(f"details {found} {switch}", texts.details_label(not phone.details)), remove],
        ]
    return [
        [
            Button(label=label, action=action)
            for words, label in row
            for action in await desk.acting.choices(link, person.id, f"{_NAME} {words}", [()])
        ]
        for row in rows
    ]


COMMAND = AccountCommand(
    spec=Spec(
        name=_NAME,
        summary=later("Let your phone ring, also where chats are silent"),
        family=ALERTS,
        example="test",
        arguments=(
            Argument(
                name="words",
                type=ArgumentType.TEXT,
                description=later("such as ntfy https://ntfy.sh, test, privacy off"),
                offers=(f"{Service.NTFY} {texts.PUBLIC_NTFY}", "test", "privacy off", "privacy on"),
            ),
        ),
        own=True,
    ),
    answer=_answer,
)
