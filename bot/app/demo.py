"""The product on a simulated platform, with a chat in the browser: real but for these two."""

import asyncio
import random
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from adapters import simulator
from adapters.web.chat import Chat
from adapters.web.settings import Listen
from bot.app.running import run
from bot.app.sources import new_id, now
from bot.domain.hosts import is_loopback
from bot.domain.ids import Now
from bot.settings import DEFAULT_LISTEN, Settings, has_display, read

PORTS = 20
"""How many are tried before the first one is said to be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """How a demo is given.

    Without a `port` it is the next free one from 8080 on, without a `data_dir` a folder that is
    gone afterwards. `pace` is the mean time between two things that happen. On any `host` but
    the loopback, whoever can reach it can play. `settings` are further ones, without the prefix,
    such as those of a chat platform; `now` is what the clock says to all who take part.
    """

    host: str = DEFAULT_LISTEN.host
    port: int | None = None
    data_dir: Path | None = None
    pace: timedelta = timedelta(seconds=4)
    browser: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    now: Now = now


async def demo(
    show: Show,
    tell: Callable[[str], None],
    stop: asyncio.Event,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Give a demo until `stop` is set.

    Args:
        tell: takes the lines that a person needs to begin.
        ready: called once the page can be opened.

    Raises:
        Misconfigured: it cannot begin; the text says why.
    """
    chance = random.Random()
    ids = simulator.object_ids(show.now, chance)
    platform = simulator.SimulatedPlatform(simulator.Options(), show.now, ids, chance)
    resident = await simulator.settle(platform, now=show.now, chance=chance)
    market = resident.market
    market.go_on(show.pace)
    with tempfile.TemporaryDirectory(prefix="tradebell-demo-") as folder:
        async with simulator.serving(platform) as url, asyncio.TaskGroup() as group:
            play = simulator.play(platform, market, now=show.now)
            playing = group.create_task(play, name="market")
            settings = _settings(show, url, show.data_dir or Path(folder), resident.user)

            def begin() -> None:
                ready()
                _begin(f"{settings.web.public_url}/chat", resident.user, show, tell)

            await run(
                settings,
                stop,
                chat=Chat(settings.web, show.now, new_id, anywhere=not is_loopback(show.host)),
                ready=begin,
                now=show.now,
            )
            playing.cancel()


def _settings(show: Show, platform: str, data_dir: Path, user: simulator.User) -> Settings:
    """Nothing of the environment counts: a demo must not touch a real chat or database."""
    port = _free_port(show.host) if show.port is None else show.port
    settings = read(
        {
            "TRADEBELL_PLATFORM_URL": platform,
            "TRADEBELL_DATA_DIR": str(data_dir),
            "TRADEBELL_LISTEN": str(Listen(host=show.host, port=port)),
            "TRADEBELL_METRICS_LISTEN": "",
            "TRADEBELL_STEP_UP": "false",  # nobody plays for ten minutes before the best of it
            "TRADEBELL_POD_COMMAND_PATH": "/traders/pods",
            "TRADEBELL_POD_COMMAND_BODY": '{"traderId": "{traderId}", "command": "{command}",'
            ' "params": "{params}"}',
        }
        | {f"TRADEBELL_{name}": value for name, value in show.settings.items()}
    )
    hint = f"For this demo: {user.email} and the password {user.password}"
    listen = replace(settings.web.listen, set_by=("--host", "--port"))
    web = replace(settings.web, listen=listen, platform="the demo platform", hint=hint)
    return replace(settings, web=web)


def _free_port(host: str) -> int:
    first = DEFAULT_LISTEN.port
    for port in range(first, first + PORTS):
        with suppress(OSError), socket.create_server((host, port)):
            return port
    return first  # the server will say what is wrong with it


def _begin(address: str, user: simulator.User, show: Show, tell: Callable[[str], None]) -> None:
    tell(f"Open      {address}")
    tell(f"E-mail    {user.email}")
    tell(f"Password  {user.password}")
    if show.browser and has_display():
        # In a thread that nobody waits for: some browsers hold whoever opened them.
        threading.Thread(target=_open_browser, args=[address], daemon=True).start()


def _open_browser(address: str) -> None:
    with suppress(webbrowser.Error, OSError):  # the address has been told all the same
        webbrowser.open(address)
