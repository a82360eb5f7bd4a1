"""`/escalate`: who is told of what nobody has seen, after how long, and who is on watch when; what
is unseen now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.domain.actions import Verb
from bot.domain.cards import Button, Card
from bot.domain.chats import Link, Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.escalation import DEFAULT_CHAIN
from bot.domain.ids import LinkId
from bot.domain.spoken_escalation import (
    ChainProblem,
    chain_written,
    is_watch,
    read_chain,
    read_watch,
    watch_written,
)
from bot.domain.trail import by
from bot.domain.watches import chat_called, watch_of
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import ALERTS
from bot.texts import escalation as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    desk, account = request.desk, request.account.id
    links = await desk.links.of(account)
    before = await desk.incidents.chain(account)
    typed = request.command.arguments.strip()
    if not typed:
        unseen = await desk.incidents.unseen(account)
        words = (("off", texts.off()),) if before.on else ()
        if before != DEFAULT_CHAIN:
            words = (*words, ("default", texts.as_usual()))
        actions = await request.asking_each([said for said, _label in words])
        buttons = [
            Button(label=label, action=action)
            for (_said, label), action in zip(words, actions, strict=True)
        ]
        orders = await desk.standing_orders.of(account)
        return texts.listed(before, links, unseen, orders, desk.now(), buttons)
    if is_watch(typed):
        return await _on_watch(request, typed, links)
    chain = read_chain(typed, _names(links))
    if isinstance(chain, ChainProblem):
        return texts.unclear(chain, links)
    now = desk.now()
    await desk.incidents.choose(account, chain, now)
    desk.escalating.wake()
    words_of_it, person = chain_written(chain), request.command.person
    await desk.audit.note("escalation", now, account, **by(person), words=words_of_it)
    [undo] = await request.asking(chain_written(before), verb=Verb.UNDO)
    return texts.chosen(chain, links, [Button(label=texts.undo(), action=undo)])


async def _on_watch(request: AccountRequest, typed: str, links: Sequence[Link]) -> Card:
    """Of whoever asks, in all their chats and on their phones."""
    desk, account, person = request.desk, request.account.id, request.command.person
    before = watch_of(person.id, links)
    changed = read_watch(typed, _names(links), before)
    if isinstance(changed, ChainProblem):
        return texts.unclear(changed, links)
    second = chat_called(changed.second, links)
    if second is not None and second.endpoint.private and second.person == person.id:
        return texts.unclear(ChainProblem.OWN, links)
    now = desk.now()
    await desk.incidents.watch(account, person.id, changed, now)
    desk.escalating.wake()
    await desk.audit.note("watch", now, account, **by(person), words=watch_written(changed))
    if chat_called(before.second, links) is None:
        before = replace(before, second=None)  # it is not linked any more
    [undo] = await request.asking(watch_written(before), verb=Verb.UNDO)
    buttons = [Button(label=texts.undo(), action=undo)]
    return texts.on_watch(await desk.links.of(account), now, buttons)


def _names(links: Sequence[Link]) -> Mapping[LinkId, Sequence[str]]:
    """By its id, its place in the list, its platform, or its own name."""
    return {
        link.id: tuple(
            filter(
                None,
                (
                    link.id,
                    f"chat {number}",
                    link.endpoint.address.channel.value,
                    *texts.chat_names(link.endpoint),
                ),
            )
        )
        for number, link in enumerate(texts.chats_of(links), 1)
    }


COMMAND = AccountCommand(
    spec=Spec(
        name="escalate",
        family=ALERTS,
        summary=later("Who is told if nobody sees a critical alert"),
        example="phone after 3 min",
        arguments=(
            Argument(
                name="words",
                type=ArgumentType.TEXT,
                description=later(
                    "such as phone after 3 min; phone at once; watch 8-23, else chat 2; off"
                ),
                offers=(
                    "phone after 3 min",
                    "phone at once, again after 5 loud",
                    "watch 8-23",
                    "off",
                    "default",
                ),
            ),
        ),
        least=Role.OPERATOR,
        own=True,
        setting=True,
    ),
    answer=_answer,
)
