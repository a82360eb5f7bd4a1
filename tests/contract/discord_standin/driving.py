"""A bot on discord.py as it comes, and what it is driven with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import discord
from aiohttp import ClientSession, ClientWebSocketResponse
from discord import app_commands, ui

from tests.standins.discord import TOKEN, DiscordApi, Person

NONCE = "a1b2c3d4e5f6a1b2c3d4e5f6"


QUIET = discord.AllowedMentions.none()


class Bot(discord.Client):
    """A bot that gathers what the gateway told it, by name."""

    def __init__(self, **options: Any) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        super().__init__(
            **{
                "intents": intents,
                "guild_ready_timeout": 0.02,
                "allowed_mentions": QUIET,
                **options,
            }
        )
        self.tree = app_commands.CommandTree(self)
        self.heard: list[str] = []

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Begin anew at once, not after the five seconds that a real gateway wants."""

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        self.heard.append(event)
        super().dispatch(event, *args, **kwargs)


@asynccontextmanager
async def running(api: DiscordApi | Away, bot: Bot) -> AsyncIterator[Bot]:
    """A bot from when it is ready until it is closed."""
    async with asyncio.TaskGroup() as tasks, bot:
        connection = tasks.create_task(bot.start(api.token))
        async with asyncio.timeout(5):
            await bot.wait_until_ready()
        yield bot
        await bot.close()
        await connection


@asynccontextmanager
async def logged_in(api: DiscordApi) -> AsyncIterator[Bot]:
    """A bot that only makes requests."""
    async with Bot() as bot:
        await bot.login(api.token)
        yield bot


async def dm(bot: discord.Client, person: Person) -> discord.DMChannel:
    return await bot.create_dm(discord.Object(person.id))


class Wire:
    """Requests as they are, for what the library hides."""

    def __init__(self, api: DiscordApi, session: ClientSession) -> None:
        self._api = api
        self._session = session

    async def __call__(
        self, method: str, path: str, body: Any = None, *, token: str | None = ""
    ) -> tuple[int, Any, Any]:
        """Give status, body and headers."""
        token = self._api.token if token == "" else token
        headers = {"Authorization": f"Bot {token}"} if token else {}
        url = f"{self._api.url}{path}"
        async with self._session.request(method, url, json=body, headers=headers) as response:
            text = await response.text()
            is_json = response.content_type == "application/json"
            return response.status, json.loads(text) if is_json else text, response.headers


def row(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(parts)}


def button(label: str = "Pause", custom_id: str = "a1", **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": label, "custom_id": custom_id, **more}


def text(content: str) -> dict[str, Any]:
    return {"type": 10, "content": content}


def pause_view(on_press: Callable[[discord.Interaction[Any]], Awaitable[None]] | None = None):
    """A button that lives on."""
    view = ui.View(timeout=None)
    button: ui.Button[ui.View] = ui.Button(label="Pause", custom_id="pause")
    if on_press is not None:
        button.callback = on_press  # type: ignore[method-assign, assignment]
    view.add_item(button)
    return view


class NoteModal(ui.Modal, title="Note"):
    text: ui.TextInput[Any] = ui.TextInput(label="What", max_length=20)
    loud: ui.Label[Any] = ui.Label(text="Loud?", component=ui.Checkbox())

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        assert isinstance(self.loud.component, ui.Checkbox)
        said = f"{self.text.value} {self.loud.component.value}"
        await interaction.response.send_message(said, ephemeral=True)


def bell(tree: app_commands.CommandTree[Any]) -> app_commands.Group:
    """A group of commands that answer in every manner."""
    group = app_commands.Group(name="bell", description="Tradebell")
    group.allowed_installs = app_commands.AppInstallationType(guild=True, user=True)

    @group.command(description="How things are")
    async def status(interaction: discord.Interaction[Any], public: bool = False) -> None:
        embed = discord.Embed(title="2 bots run")
        await interaction.response.send_message(embed=embed, ephemeral=not public)

    @group.command(description="Takes its time")
    async def slow(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.edit_original_response(content="done")
        await interaction.followup.send("and more", ephemeral=True)

    @group.command(description="Pause a bot")
    async def pause(
        interaction: discord.Interaction[Any],
        bot: str,
        hours: app_commands.Range[int, 1, 24] = 1,
    ) -> None:
        async def pressed(press: discord.Interaction[Any]) -> None:
            await press.response.edit_message(content=f"{bot} paused", view=None)

        await interaction.response.send_message(
            f"Pause {bot} for {hours} h?", view=pause_view(pressed), ephemeral=True
        )

    @pause.autocomplete("bot")
    async def bots(_: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        names = ["grid one", "grid two", "trend"]
        return [app_commands.Choice(name=n, value=n) for n in names if n.startswith(typed)]

    @group.command(description="Write a note")
    async def note(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_modal(NoteModal())

    @group.command(description="Says nothing")
    async def mute(_: discord.Interaction[Any]) -> None: ...

    tree.add_command(group)
    return group


class Line:
    """A connection to the gateway without a library."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket

    async def say(self, op: int, **data: Any) -> None:
        await self._socket.send_json({"op": op, "d": data})

    async def next(self) -> tuple[int, str | None, int | None]:
        """Give op, name and number of the next frame."""
        frame = await self._socket.receive_json(timeout=5)
        return frame["op"], frame.get("t"), frame.get("s")


@asynccontextmanager
async def line(api: DiscordApi) -> AsyncIterator[Line]:
    async with (
        ClientSession() as session,
        session.ws_connect(f"{api.gateway_url}?v=10&encoding=json") as socket,
    ):
        line = Line(socket)
        assert (await line.next())[0] == 10
        yield line


class Away:
    """The addresses of a stand-in that runs elsewhere."""

    token = TOKEN

    def __init__(self, url: str, gateway_url: str) -> None:
        self.url = url
        self.gateway_url = gateway_url
