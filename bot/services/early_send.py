"""Early send: a message is made ready while the commit that claims it is still on its way to disk.

What comes before a message can leave, from its lane's start to the request in its final form, takes
about as long as the disk does. So the store says what it is about to commit (`OnPrepared`), the
lane begins with it (`ahead_of`), and what sends its requests waits here at the last moment before
one leaves (`until_it_may_leave`). Nothing leaves before SENDING is committed; and if that fails,
nothing has left, and nothing was claimed.

A messenger that does not wait here is not asked before the commit stands.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bot.errors import OutcomeUnknown, TryLater

MayLeave = Callable[[], Awaitable[bool]]
"""Waits for the commit; false if the message must not leave after all."""


class HoldsRequests:
    """A messenger that waits for `until_it_may_leave` before each of its requests, in the task in
    which it was asked to send.
    """


class HeldBack(Exception):
    """A message must not leave after all, and has not."""


_may_leave: ContextVar[MayLeave | None] = ContextVar("may_leave", default=None)


@contextmanager
def ahead_of(may_leave: MayLeave) -> Iterator[None]:
    """What is sent inside waits for this."""
    token = _may_leave.set(may_leave)
    try:
        yield
    finally:
        _may_leave.reset(token)


async def until_it_may_leave() -> None:
    """Wait, where what is being sent is ahead of its commit. Once it may leave, all of it may.

    Raises:
        HeldBack: it must not leave.
    """
    may_leave = _may_leave.get()
    if may_leave is None:
        return
    if not await may_leave():
        raise HeldBack
    _may_leave.set(None)


async def stands(committed: Awaitable[None]) -> bool:
    """Whether a commit came about, once that is known; whoever asked for it is told why not."""
    try:
        await committed
    except (TryLater, OutcomeUnknown):
        return False
    return True
