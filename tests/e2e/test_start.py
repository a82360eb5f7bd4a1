"""How `tradebell run` begins: with what its settings ask for, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from tests.e2e.processes import tradebell
from tests.standins.bot_api import BotApi

NOWHERE = "http://127.0.0.1:9"
"""The discard port: nobody listens there."""

UNASKED = {
    *("discord", "adapters.simulator", "bot.app.demo", "bot.app.operating"),
    *("asyncpg", "alembic", "sqlalchemy.orm"),
    *("PIL", "jinja2", "segno"),
}
"""Whole libraries: with all of them a start took half as long again."""


async def test_a_start_loads_nothing_that_its_settings_do_not_ask_for(tmp_path: Path, monkeypatch):
    async with BotApi() as api:
        async with tradebell(tmp_path, NOWHERE, api.url, api.token) as first:
            await first.stop()
        monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
        async with tradebell(tmp_path, NOWHERE, api.url, api.token) as again:
            assert await again.stop() == 0

    loaded = loaded_by(again.log)
    assert {"adapters.telegram.bot", "telegram", "sqlalchemy", "aiohttp"} <= loaded
    assert loaded & UNASKED == set()


def loaded_by(log: Path) -> set[str]:
    """The modules in what Python tells on stderr.

    Source: https://docs.python.org/3/using/cmdline.html#cmdoption-X (`importtime`)
    """
    return set(re.findall(r"^import time:[^|]*\|[^|]*\| +(\S+)$", log.read_text(), re.MULTILINE))
