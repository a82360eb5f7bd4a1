"""The stand-in Discord, started for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from aiohttp import ClientSession
from discord import app_commands

from tests.contract.discord_standin.driving import (
    Bot,
    Wire,
    bell,
    logged_in,
    pause_view,
    running,
)
from tests.standins.discord import DiscordApi
from tests.standins.discord.library import pointed


@pytest.fixture
async def api() -> AsyncIterator[DiscordApi]:
    async with DiscordApi() as api:
        with pointed(api):
            yield api


@pytest.fixture
async def bot(api: DiscordApi) -> AsyncIterator[Bot]:
    async with running(api, Bot()) as bot:
        yield bot


@pytest.fixture
async def rest(api: DiscordApi) -> AsyncIterator[Bot]:
    async with logged_in(api) as bot:
        yield bot


@pytest.fixture
async def wire(api: DiscordApi) -> AsyncIterator[Wire]:
    async with ClientSession() as session:
        yield Wire(api, session)


@pytest.fixture
async def belled(bot: Bot) -> Bot:
    bell(bot.tree)
    await bot.tree.sync()
    return bot


@pytest.fixture
async def told(bot: Bot) -> list[discord.Interaction[Any]]:
    """Every `/where` and every press under its answer, as the library understands it."""
    told: list[discord.Interaction[Any]] = []

    async def pressed(interaction: discord.Interaction[Any]) -> None:
        told.append(interaction)
        await interaction.response.defer()

    @bot.tree.command(description="Says where it was asked")
    @app_commands.allowed_installs(guilds=True, users=True)
    async def where(interaction: discord.Interaction[Any]) -> None:
        told.append(interaction)
        await interaction.response.send_message("here", view=pause_view(pressed))

    await bot.tree.sync()
    return told
