"""Who is told of what nobody has seen, and after how long. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.domain.chats import Channel, Link
from bot.domain.ids import LinkId
from bot.domain.watches import seconds


class Surface(StrEnum):
    CHATS = "chats"
    """Where the alert was told."""
    PHONE = "phone"
    """All that is linked as a phone."""
    CHAT = "chat"
    """One that was named: somebody else's, as a rule."""
    SECOND = "second"
    """Who was named as the second person, in their chat and on their phones."""
    NEXT = "next"
    """Where it was not told, for those whose own places could not show it so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    Attributes:
        loud: as loud as a phone can be.
        link: the chat that was named.
    """

    after: timedelta
    to: Surface
    loud: bool = False
    link: LinkId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What an account's people want; the alert itself, in all chats at once, is no part of it, but
    whether phones hear that too: where no step rings them later, or one does so at once.
    """

    steps: tuple[Step, ...]
    on: bool = True


DEFAULT_CHAIN = Chain(
    steps=(
        Step(after=timedelta(minutes=2), to=Surface.PHONE),
        Step(after=timedelta(minutes=5), to=Surface.PHONE, loud=True),
        Step(after=timedelta(minutes=10), to=Surface.SECOND, loud=True),
    )
)

MOST_STEPS = 8
LONGEST = timedelta(hours=12)
"""After which the last one comes at the latest."""

FAIL_OVER = timedelta(seconds=60)
"""After which whoever was not shown it is told elsewhere."""

AT_ONCE = Step(after=timedelta(0), to=Surface.CHATS)
"""Done by the alert itself; where an incident is open again, it comes first."""

BARE = Step(after=timedelta(minutes=5), to=Surface.CHATS, loud=True)
"""What is done where no phone, and nobody that a step names, can be told."""


def rings_phones_later(steps: Sequence[Step], done: timedelta = timedelta(0)) -> bool:
    """Whether phones need not hear the alert itself, as they are rung for what nobody has seen.

    Args:
        done: how far the steps have come.
    """
    rung = [step.after for step in steps if step.to is Surface.PHONE]
    return bool(rung) and min(rung) > timedelta(0) and max(rung) > done


def steps_of(chain: Chain, links: Collection[Link]) -> tuple[Step, ...]:
    """All that is done, in its order, as things are now.

    Args:
        links: all of the account.
    """
    if not chain.on:
        return ()
    chats = {link.id for link in links}
    there = {
        Surface.PHONE: any(link.endpoint.address.channel is Channel.PUSH for link in links),
        Surface.SECOND: bool(seconds(tuple(links))),
    }
    possible = [
        step
        for step in chain.steps
        if there.get(step.to, True) and (step.to is not Surface.CHAT or step.link in chats)
    ]
    if all(step.to is Surface.SECOND for step in possible):
        possible.append(BARE)
    others = Step(after=FAIL_OVER, to=Surface.NEXT)
    return tuple(sorted((AT_ONCE, others, *possible), key=lambda step: step.after))
