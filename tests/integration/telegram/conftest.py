"""A stand-in Bot API for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.standins.bot_api import BotApi


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api
