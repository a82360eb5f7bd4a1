"""From a command to its answer: find it, see who may, read its arguments, ask it."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.domain.accounts import Account
from bot.domain.actions import Target
from bot.domain.cards import Card, Option, with_note
from bot.domain.chats import Link, Person, Role
from bot.domain.commands import Ambiguous, Arguments, Known, Misread, Spec, read_options, read_typed
from bot.domain.incoming import OLD_AFTER, Command
from bot.domain.names import nearest as nearest_names
from bot.domain.text import clean
from bot.domain.trail import by
from bot.domain.typed import six_digits_in
from bot.errors import NeedsLogin, NotOffered, OutcomeUnknown, Refused, TryLater
from bot.services.commands import nearest, registry, settings
from bot.services.commands.desk import (
    AccountCommand,
    AccountRequest,
    AnyCommand,
    CommandRequest,
    Desk,
    OpenCommand,
)
from bot.services.commands.digits import take_digits
from bot.texts import access, asking, failures, getting_started, pods

log = logging.getLogger(__name__)

MOST_ON_A_BUTTON = 40
"""Characters of what it asks."""


async def dispatch(desk: Desk, command: Command, about: Sequence[Target] = ()) -> Card:
    """What a command is answered.

    Args:
        about: the bots that a button meant, instead of words.
    """
    command, within = registry.meant(command)
    place = command.place
    found = registry.find(command.name)
    if found is None:
        if six_digits_in(command.name) and place.answers_privately:
            return await take_digits(desk, place, command.person, command.name)
        return await _unknown(desk, command)
    spec = found.spec
    if spec.answers_privately and not place.answers_privately:
        return access.only_in_private(spec)
    link = await desk.links.at(place.address)
    card = await _answer_to(desk, found, command, link, about, within)
    # Those that are in no menu take what an address carries.
    if spec.menu and not spec.arguments and any(map(str.isalnum, command.arguments)):
        card = with_note(card, asking.left_out(spec, command.arguments))
    age = _age(desk, command)
    if age > OLD_AFTER:
        card = with_note(card, asking.asked_before(age))
    return _shown_to_all(card, spec, command, link) if command.public else card


async def _answer_to(
    desk: Desk,
    found: AnyCommand,
    command: Command,
    link: Link | None,
    about: Sequence[Target],
    within: Spec | None,
) -> Card:
    match found:
        case OpenCommand(spec=spec, answer=answer):
            if link is not None:
                await _note(desk, link, command.person, name=spec.name)
            arguments = _read(spec, command)
            assert isinstance(arguments, Arguments), "these take any words"
            return await answer(
                CommandRequest(
                    desk=desk, spec=spec, command=command, arguments=arguments, link=link
                )
            )
        case AccountCommand():
            if link is None:
                return access.not_linked(command.place.answers_privately)
            return await _answer_about_account(desk, found, command, link, about, within)


async def _answer_about_account(
    desk: Desk,
    found: AccountCommand,
    command: Command,
    link: Link,
    about: Sequence[Target],
    within: Spec | None,
) -> Card:
    spec = found.spec
    refusal = await _refusal(desk, spec, command, link)
    refused = {} if refusal is None else {"refused": "yes"}
    await _note(desk, link, command.person, name=spec.name, **refused)
    if refusal is not None:
        return refusal
    account = await desk.accounts.get(link.account)
    if account is None:
        return access.not_linked()
    known = await _known(desk, account, about) if len(spec.arguments) > 1 else Known()
    read = _read(spec, command, known)
    request = AccountRequest(
        desk=desk,
        spec=spec,
        command=command,
        arguments=_understood(read),
        link=link,
        account=account,
        about=frozenset(target.id for target in about),
        within=within,
    )
    if (question := await _question(request, read, known)) is not None:
        return question
    try:
        if spec.pods and spec.name not in desk.offered.of_bots:
            return pods.not_here()
        card = await found.answer(request)
        if not spec.danger:  # else that is known when its button is pressed
            await desk.offered.allow(account.id, spec.name)
        return card if within is None else await settings.below(card, request)
    except NeedsLogin:
        return failures.needs_login()
    except NotOffered as refusal_of_platform:
        await desk.offered.deny(account.id, spec.name)
        return failures.not_offered(str(refusal_of_platform), spec.name)
    except (TryLater, Refused) as failure:
        return failures.platform_away(str(failure))


async def _refusal(desk: Desk, spec: Spec, command: Command, link: Link) -> Card | None:
    refusal = await desk.access.refusal(spec, command.person, link)
    if refusal is None and not _is_for_all(spec, command, link):
        return access.others_may_not_look()
    return refusal


def _is_for_all(spec: Spec, command: Command, link: Link) -> bool:
    """Whether everybody who reads the answer may: in a group that is all who are there."""
    if command.place.answers_privately or spec.least is None or spec.setting or spec.own:
        return True
    others = link.preferences.members
    return others is not None and others.covers(Role.VIEWER)


async def _note(desk: Desk, link: Link, person: Person, **facts: str) -> None:
    """Into the trail. A disk that is full must not keep a person from looking at their bots."""
    try:
        await desk.audit.note("command", desk.now(), link.account, **by(person), **facts)
    except (TryLater, OutcomeUnknown) as outage:
        log.error("what was asked was not audited", extra={"reason": str(outage)})


def _age(desk: Desk, command: Command) -> timedelta:
    return timedelta(0) if command.at is None else desk.now() - command.at


def _read(
    spec: Spec, command: Command, known: Known | None = None
) -> Arguments | Misread | Ambiguous:
    if command.options:
        return read_options(spec, command.options)
    return read_typed(spec, command.arguments, known)


def _understood(read: Arguments | Misread | Ambiguous) -> Arguments:
    match read:
        case Arguments():
            return read
        case Misread():
            return read.rest
        case Ambiguous():
            return Arguments()


async def _known(desk: Desk, account: Account, about: Sequence[Target]) -> Known:
    """What words may name; the bot is known already if a button meant one."""
    bots = () if about else await desk.known_bots(account.id)
    return Known(bots=bots, pairs=await desk.pairs(account.id))


async def _question(
    request: AccountRequest, read: Arguments | Misread | Ambiguous, known: Known
) -> Card | None:
    """What must be asked back before anything is answered."""
    match read:
        case Misread():
            return await nearest.misread(request, read)
        case Ambiguous():
            return await nearest.which_reading(request, read, known.bots)
    if request.spec.danger and _age(request.desk, request.command) > OLD_AFTER:
        return await _ask_again(request)
    return None


async def _unknown(desk: Desk, command: Command) -> Card:
    """No command is called so; those that are called alike are asked the same by a button."""
    words = nearest_names(command.name, registry.known_words())
    names = dict.fromkeys(found.spec.name for found in map(registry.find, words) if found)
    link = await desk.links.at(command.place.address)
    account = None if link is None else link.account
    usable = {spec.name: spec for spec in await desk.offered.listed(desk.specs, account)}
    specs = [usable[name] for name in names if name in usable]
    options = []
    for spec in specs:
        if link is None or await desk.access.refusal(spec, command.person, link) is not None:
            continue
        asked = f"{spec.name} {command.arguments if spec.arguments else ''}".strip()
        [action] = await desk.acting.choices(link, command.person.id, asked, [()])
        options.append(Option(label=f"/{clean(asked, MOST_ON_A_BUTTON)}", action=action))
    return getting_started.unknown_command(command.name, specs, options)


async def _ask_again(request: AccountRequest) -> Card:
    """Instead of a card that acts: who asked this long ago may want something else by now."""
    words = request.command.arguments
    [action] = await request.asking(words)
    return asking.asked_long_ago(request.spec.name, words, action)


def _shown_to_all(card: Card, spec: Spec, command: Command, link: Link | None) -> Card:
    """An answer as everybody in the chat may see it, if this one may be and the person may say so.

    What holds nothing of an account anybody may show.
    """
    if not spec.showable or card.buttons or card.pick:
        return card
    if spec.least is not None and (link is None or command.person.id != link.person):
        return with_note(card, access.only_the_owner_shows())
    return replace(card, private=False)
