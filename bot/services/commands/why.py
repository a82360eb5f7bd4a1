"""`/why`: how an alert came to be told as it was, or which came without a sound or not at all."""

from datetime import timedelta

from bot.domain.cards import Card
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.told import Told
from bot.domain.typed import reference_in
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import ALERTS
from bot.texts import why as texts
from bot.texts.language import later

KEPT = timedelta(days=30)
"""As long as texts are (`docs/data.md`)."""

LOOKED_AT = 500
"""Alerts among which those that made no sound are looked for."""


async def _answer(request: AccountRequest) -> Card:
    desk, link, words = request.desk, request.link, request.arguments.text("reference")
    message, reference = request.command.replied_to, reference_in(words)
    if reference is not None:
        told = await desk.outbox.told(link.id, reference)
        return texts.unknown() if told is None else await _explained(request, told)
    if message is not None:
        told = await desk.outbox.told_by(link.id, message)
        return texts.no_alert() if told is None else await _explained(request, told)
    return texts.unknown() if words else await _listed(request)


async def _explained(request: AccountRequest, told: Told) -> Card:
    traders = await request.desk.known_bots(request.account.id)
    seen = await request.desk.sightings.of(
        request.account.id, told.kind, told.record, told.revision
    )
    return texts.explained(told, traders, seen, request.command.person)


async def _listed(request: AccountRequest) -> Card:
    desk, link = request.desk, request.link
    since = desk.now() - KEPT
    alerts = await desk.outbox.lately(link.id, since, LOOKED_AT)
    quiet = [one for one in alerts if not one.rings][: texts.ROWS]
    # What an earlier link of the same chat was not told is none of this one's.
    duplicates = await desk.inbox.duplicates(
        link.account, link.endpoint.id, max(since, link.linked_at), LOOKED_AT
    )
    if not quiet and not duplicates:
        return texts.nothing()
    traders = await desk.known_bots(request.account.id)
    explain = await request.asking_each([one.reference for one in quiet])
    return texts.listed(quiet, duplicates, traders, explain)


COMMAND = AccountCommand(
    spec=Spec(
        name="why",
        family=ALERTS,
        summary=later("Why an alert came as it did, or did not come"),
        example="668RRM",
        arguments=(
            Argument(
                name="reference",
                type=ArgumentType.TEXT,
                description=later("The six characters below an alert; or reply to it"),
            ),
        ),
    ),
    answer=_answer,
)
