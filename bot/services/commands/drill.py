"""`/drill`: a rehearsal of a critical alert, measured in each place; nothing is wrong."""

from bot.domain.cards import Button, Card
from bot.domain.chats import Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.drills import AGAIN, Drill, Drilling, lasts, told_in
from bot.domain.events import Kind, Notice, Origin
from bot.domain.incidents import Cause
from bot.domain.trail import by
from bot.services.commands import wishes
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import ALERTS
from bot.texts import drills as texts
from bot.texts.language import later
from bot.texts.notices import drill as drill_notice

NOW, END, ON, OFF = "now", "end", "on", "off"


async def _answer(request: AccountRequest) -> Card:
    desk, account = request.desk, request.account.id
    match request.arguments.text("words"):
        case "end":
            if not await desk.drills.end(account, desk.now()):
                return texts.none_under_way()
            desk.drilling.wake()
            return texts.ends()
        case "on" | "off" as word:
            await desk.drills.remind(account, word == ON)
            desk.drilling.wake()
            person = request.command.person
            await desk.audit.note("drill_reminder", desk.now(), account, **by(person), words=word)
            undo = await wishes.undo(request, OFF if word == ON else ON)
            return texts.reminds(word == ON, [undo])
        case how:
            return await _begin(request, at_once=how == NOW)


async def _begin(request: AccountRequest, *, at_once: bool) -> Card:
    desk, account, now = request.desk, request.account.id, request.desk.now()
    before = await desk.drills.of(account)
    if before.now is not None:
        return await _under_way(request, before)
    if before.last_at is not None and before.last_at <= now < before.last_at + AGAIN:
        return texts.too_soon(before.last_at + AGAIN - now)
    until = now + lasts(await desk.incidents.chain(account), at_once=at_once)
    notice = Notice(
        origin=Origin(kind=Kind.DRILL, record=desk.new_id(), at=now),
        say=drill_notice,
        bad=True,
        urgent=True,
        incident=Cause.DRILL,
        drill=Drill(asked_in=request.link.id, at_once=at_once, until=until),
        on_lock_screen=texts.on_lock_screen,
    )
    ingested = await desk.ingest.take(request.account, (notice,))
    if not ingested.opened:  # somebody else was faster
        return await _under_way(request, await desk.drills.of(account))
    desk.drilling.wake()
    await desk.audit.note("drill", now, account, **by(request.command.person))
    to = told_in(request.link.id, await desk.links.of(account))
    line = texts.where_told(None if to is None else to.endpoint, request.link.endpoint)
    buttons = await _end_button(request)
    return texts.begun(until, ingested.told, line, buttons, at_once=at_once)


async def _under_way(request: AccountRequest, drilling: Drilling) -> Card:
    if drilling.now is None:
        return texts.none_under_way()
    private, now = request.link.endpoint.private, request.desk.now()
    return texts.under_way(drilling.now, await _end_button(request), private=private, now=now)


async def _end_button(request: AccountRequest) -> list[Button]:
    [end] = await request.asking(END)
    return [Button(label=texts.end_label(), action=end)]


COMMAND = AccountCommand(
    spec=Spec(
        name="drill",
        family=ALERTS,
        summary=later("Rehearse a critical alert: nothing is wrong"),
        example="now",
        arguments=(
            Argument(
                name="words",
                type=ArgumentType.CHOICE,
                choices=(NOW, END, ON, OFF),
                description=later(
                    "now tells each place once; end ends it; on or off: the word when one is due"
                ),
            ),
        ),
        least=Role.OPERATOR,
    ),
    answer=_answer,
)
