"""The process around a command: its log, the signals that end it, its exit code."""

import asyncio
import gc
import logging
import os
import resource
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from adapters.logs.output import log_to
from adapters.logs.settings import LogLevel, LogSettings
from bot.errors import Misconfigured, TradebellError
from bot.settings import Settings

log = logging.getLogger(__name__)

STOP_LIMIT = timedelta(seconds=9.5)
"""Orchestrators kill after ten seconds, and then nothing tells why."""

DESCRIPTORS = 65_536
"""Open files and connections at a time that are enough for everything; more only costs memory."""

YOUNG_OBJECTS = 10_000
"""So many more made than dropped bring the collector; Python's own number is 700."""

_ENDING = (signal.SIGTERM, signal.SIGINT)

FAILED = 1
WRONG_USAGE = 2


@contextmanager
def supervised() -> Iterator[None]:
    """End the process with an exit code and a sentence, whatever is raised inside."""
    log_to(sys.stderr, LogSettings(level=LogLevel.ERROR))
    try:
        yield
    except Exception as error:
        # The one supervisor. What was foreseen is told in its own words; the rest is a bug, and
        # ends here so that whatever started us can start us again.
        causes = list(_causes(error))
        if not all(isinstance(cause, TradebellError) for cause in causes):
            log.exception("ended by an error that nobody has foreseen")
            sys.exit(FAILED)
        for cause in causes:
            print(cause, file=sys.stderr)
        misconfigured = any(isinstance(cause, Misconfigured) for cause in causes)
        sys.exit(WRONG_USAGE if misconfigured else FAILED)


def _causes(error: Exception) -> Iterator[Exception]:
    """What a group of tasks has died of."""
    if isinstance(error, ExceptionGroup):
        for inner in error.exceptions:
            yield from _causes(inner)
    else:
        yield error


def logging_as(settings: Settings) -> None:
    """Log as the operator wants it from here on."""
    log_to(sys.stderr, settings.logs, settings.secrets)


def spare_what_loads() -> None:
    """Keep the garbage collector away until `spare_what_lasts`: hardly anything is dropped
    meanwhile, and going through what is loaded so far, again and again, would take an eighth of
    the time.
    """
    gc.disable()


def spare_what_lasts() -> None:
    """Keep the garbage collector from going through all that was loaded, again and again.

    That takes more than a hundred milliseconds, in which no alert leaves; what is there at the
    start is there at the end. Young objects are looked at less often, too: an event makes and
    drops about a thousand, hardly any of them in a cycle.
    """
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
    gc.enable()


def raise_descriptor_limit() -> int:
    """Give how many files and connections this process may have open, after asking for more.

    Few shells and service managers give more than 1,024 by themselves, but all allow it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as refusal:
        # macOS allows less than it says.
        log.warning("the limit of open files stays", extra={"limit": soft, "reason": str(refusal)})
        return soft
    return wanted


def until_signalled(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `work`, whose event is set by SIGTERM or SIGINT; a second one ends it on the spot."""
    asyncio.run(_until_signalled(work))


async def _until_signalled(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        stop.set()
        for number in _ENDING:
            loop.remove_signal_handler(number)
        loop.call_later(STOP_LIMIT.total_seconds(), _give_up)

    for number in _ENDING:
        loop.add_signal_handler(number, end)
    await work(stop)


def _give_up() -> None:
    """Something does not let go. The store bears being left at any moment; waiting helps nobody."""
    log.error("could not stop in time")
    os._exit(FAILED)
