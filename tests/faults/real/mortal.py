"""The product as it is, in a process that kills itself at a point: `mortal POINT [--at-once]`.

It prints `ready`, then each point that it passes. Only after SIGUSR1, which it answers with
`armed`, passings of the deadly point are counted; `--at-once` counts them from the start.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from adapters.cryptorobot.client import open_platform
from adapters.telegram import platform
from adapters.telegram.bot import TelegramBot, open_telegram
from bot.app import running
from bot.app.process import logging_as, until_signalled
from bot.settings import Settings, read
from storage import open_store
from tests.harness.failpoints import Fate, Mortal, MortalDatabase, Point, When

Opening = Callable[..., AbstractAsyncContextManager[Any]]


class Alert(Fate):
    """Tells the parent which points are passed, as each is."""

    def __init__(self, end_at: Point | None) -> None:
        super().__init__(end_at, partial(os.kill, os.getpid(), signal.SIGKILL))

    def passes(self, when: When, what: str) -> bool:
        print(when, what, flush=True)
        return super().passes(when, what)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("point", type=Point.parse)
    parser.add_argument("--at-once", action="store_true")
    given = parser.parse_args()
    fate = Alert(given.point if given.at_once else None)
    # These are known by name: what it opens is put in between here.
    vars(running).update(
        open_store=partial(open_store, through=lambda inner: MortalDatabase(inner, fate)),
        open_platform=between(open_platform, "Platform", fate),
    )
    vars(platform).update(open_telegram=between_messenger(open_telegram, fate))
    settings = read()
    logging_as(settings)
    until_signalled(partial(serve, settings, fate, given.point))


async def serve(settings: Settings, fate: Fate, point: Point, stop: asyncio.Event) -> None:
    def arm() -> None:
        fate.expect(point)
        print("armed", flush=True)

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, arm)
    await running.run(settings, stop, ready=lambda: print("ready", flush=True))


def between(opening: Opening, name: str, fate: Fate) -> Any:
    """The same, but what is opened is reached through the points."""

    @asynccontextmanager
    async def opened(*given: Any, **named: Any) -> AsyncIterator[Any]:
        async with opening(*given, **named) as port:
            yield Mortal(port, name, fate)

    return opened


def between_messenger(opening: Opening, fate: Fate) -> Any:
    """The same of a bot, whose messenger is reached through the points."""

    @asynccontextmanager
    async def opened(*given: Any, **named: Any) -> AsyncIterator[TelegramBot]:
        async with opening(*given, **named) as bot:
            mortal: Any = Mortal(bot.messenger, "Messenger", fate)
            yield replace(bot, messenger=mortal)

    return opened


if __name__ == "__main__":
    main()
