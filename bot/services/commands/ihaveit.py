"""`/ihaveit`: somebody has in hand what must be seen, until a time that they say."""

from datetime import datetime

from bot.domain.actions import Action, Verb
from bot.domain.cards import Button, Card
from bot.domain.chats import Link, Person
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.incidents import HOLDS
from bot.domain.incoming import Reply
from bot.domain.sightings import Noted
from bot.domain.spoken_escalation import read_hold
from bot.domain.timetables import zone
from bot.domain.typed import reference_in
from bot.services.commands.desk import AccountCommand, AccountRequest, Desk
from bot.services.commands.families import ALERTS
from bot.texts import escalation as texts
from bot.texts import outcomes
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    """Of the alert that is replied to or called by its reference, else of all that is unseen."""
    desk, link, person = request.desk, request.link, request.command.person
    words = request.arguments.text("words").split()
    if words[:1] == ["it"]:
        del words[0]
    reference = reference_in(words[0]) if words else None
    if reference is not None and _end(desk, link, words[0]) is None:
        del words[0]
    elif (message := request.command.replied_to) is not None:
        told = await desk.outbox.told_by(link.id, message)
        reference = None if told is None else told.reference
    else:
        reference = None
    if words and _end(desk, link, " ".join(words)) is None:
        return texts.no_such_end()
    if reference is None and not await desk.incidents.unseen(link.account):
        return texts.nothing_unseen()
    if not words:
        return await _until_when(desk, link, person, reference or "")
    return await _hold(desk, link, person, reference or "", " ".join(words))


async def pressed(desk: Desk, action: Action, link: Link, person: Person) -> Reply:
    """What the button is answered, by which somebody says so, or that they have seen it."""
    if action.verb is Verb.SEEN:
        noted = await desk.seeing.pressed(action, person)
        # Below the alert it shows for good.
        return Reply(toast=outcomes.seen(in_a_drill=noted is Noted.IN_A_DRILL), passing=True)
    reference, _, said = action.arguments.partition(" ")
    if not said:
        return Reply(card=await _until_when(desk, link, person, reference))
    card = await _hold(desk, link, person, reference, said)
    if action.person is not None:
        return Reply(card=card, replaces=True)
    return Reply(toast=card.lines[0], passing=True)


async def _until_when(desk: Desk, link: Link, person: Person, reference: str) -> Card:
    choices = [f"{reference} {said}" for said in HOLDS]
    offers = [
        offer
        for each in choices
        for offer in await desk.acting.choices(link, person.id, each, [()], Verb.HOLD)
    ]
    return texts.until_when(
        [
            Button(label=texts.hold_label(said), action=offer)
            for said, offer in zip(HOLDS, offers, strict=True)
        ]
    )


async def _hold(desk: Desk, link: Link, person: Person, reference: str, said: str) -> Card:
    until = _end(desk, link, said)
    if until is None:
        return texts.no_such_end()
    noted = await desk.seeing.taken(link, reference, person, until)
    return texts.held(until) if noted is Noted.HELD else texts.not_held()


def _end(desk: Desk, link: Link, said: str) -> datetime | None:
    return read_hold(said, desk.now(), zone(link.preferences.zone))


COMMAND = AccountCommand(
    spec=Spec(
        name="ihaveit",
        aliases=("haveit", "have", "onit"),
        family=ALERTS,
        summary=later("Say that you have it in hand: nothing rings until then"),
        example="until 03:00",
        arguments=(
            Argument(
                name="words",
                type=ArgumentType.TEXT,
                description=later("2h, until 03:00; before it one alert's six characters"),
                offers=HOLDS,
            ),
        ),
    ),
    answer=_answer,
)
