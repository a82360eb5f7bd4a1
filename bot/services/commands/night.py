"""`/night`: what happened since the evening, now or each morning."""

from dataclasses import replace
from datetime import time

from bot.domain.cards import Button, Card
from bot.domain.chats import Preferences, Role
from bot.domain.commands import Argument, ArgumentType, Spec, read_span
from bot.domain.nights import LONGEST, evening_before
from bot.domain.spoken_times import read_clock
from bot.domain.timetables import zone
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import ALERTS
from bot.services.commands.wishes import undo, wish
from bot.texts import access
from bot.texts import nights as texts
from bot.texts.language import later

USUAL = time(7, 30)


async def _answer(request: AccountRequest) -> Card:
    words = request.arguments.text("words").lower().split()
    match words:
        case ["off"]:
            return await _set(request, None)
        case ["at", *rest] if (at := read_clock(" ".join(rest))) is not None:
            return await _set(request, at)
        case ["at", *_]:
            return texts.not_understood(" ".join(words))
        case _:
            return await _told(request, " ".join(words))


async def _told(request: AccountRequest, words: str) -> Card:
    desk, now, wants = request.desk, request.desk.now(), request.link.preferences
    since = evening_before(now, zone(wants.zone))
    if words:
        span = read_span(words)
        if span is None:
            return texts.not_understood(words)
        since = now - min(span, LONGEST)
    night = await desk.nights.of(request.link.id, since, now)
    if night is None:
        return access.not_linked()
    said = "off" if wants.night_at is not None else f"at {USUAL:%H:%M}"
    label = texts.off_label() if wants.night_at is not None else texts.at_label(USUAL)
    [action] = await request.asking(said)
    return texts.report(night, now, [Button(label=label, action=action)])


async def _set(request: AccountRequest, at: time | None) -> Card:
    before = request.link.preferences.night_at

    def change(wants: Preferences) -> Preferences:
        return replace(wants, night_at=at)

    words = _written(at)
    changed = await wish(request.desk, request.link, request.command.person, change, "night", words)
    request.desk.telling_nights.wake()
    return texts.told_at(changed, [await undo(request, _written(before))])


def _written(at: time | None) -> str:
    return "off" if at is None else f"at {at:%H:%M}"


COMMAND = AccountCommand(
    spec=Spec(
        name="night",
        family=ALERTS,
        summary=later("What happened in the night, now or each morning"),
        example="8h",
        arguments=(
            Argument(
                name="words",
                type=ArgumentType.TEXT,
                description=later("8h for the last hours; at 07:30 for each morning; off"),
                offers=("8h", "at 07:30", "off"),
            ),
        ),
        least=Role.OPERATOR,
        setting=True,
    ),
    answer=_answer,
)
