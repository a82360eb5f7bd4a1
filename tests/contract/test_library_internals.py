"""What we reach for inside python-telegram-bot and discord.py, which they promise to nobody."""

from __future__ import annotations

import ast
import inspect
import logging
import tomllib
from collections.abc import Callable
from typing import Any

import discord
import pytest
from discord.gateway import DiscordClientWebSocketResponse, DiscordWebSocket, ReconnectWebSocket
from discord.http import HTTPClient, Route
from discord.state import ConnectionState
from discord.voice_client import VoiceClient
from telegram import Bot
from telegram._utils.defaultvalue import DefaultValue
from telegram.request import BaseRequest

from adapters.discord.gateway import INTENTS
from adapters.discord.transport import DiscordHttp
from adapters.telegram.transport import BotApiRequest
from tests.conftest import ROOT


def parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize("bound", ["python-telegram-bot<23", "discord.py<2.8"])
def test_a_release_that_may_change_its_inside_is_taken_on_purpose(bound):
    name, _, limit = bound.partition("<")
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]

    (ours,) = [one for one in wanted if one.startswith(name)]

    assert f"<{limit}" in ours.replace(" ", "").removeprefix(name).split(",")


def test_no_other_private_module_of_a_library_is_used():
    found = set()
    for folder in ("bot", "adapters", "storage"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module:
                    names = [f"{node.module}.{one.name}" for one in node.names]
                found |= {
                    name
                    for name in names
                    if not name.startswith(("bot.", "adapters.", "storage.", "__"))
                    and any(part.startswith("_") for part in name.split("."))
                }

    assert found == {
        "telegram._utils.defaultvalue.DefaultValue",
        "telegram._utils.types.ODVInput",
    }


# --- python-telegram-bot ------------------------------------------------------------------


def test_a_timeout_that_nobody_gave_is_a_default_value():
    assert isinstance(BaseRequest.DEFAULT_NONE, DefaultValue)


def test_our_way_to_the_bot_api_is_asked_as_the_library_s_own():
    assert parameters(BotApiRequest.do_request) == parameters(BaseRequest.do_request)


async def test_the_bot_posts_over_the_request_that_it_was_given():
    request = BotApiRequest()
    bot = Bot("1:a", request=request, get_updates_request=request)

    assert parameters(bot._do_post)[:2] == ["endpoint", "data"]
    assert "read_timeout" in parameters(bot._do_post)
    assert bot.request is request


def test_the_bot_logs_where_its_class_says():
    assert isinstance(Bot._LOGGER, logging.Logger)
    assert "self._LOGGER" in inspect.getsource(Bot._do_post) + inspect.getsource(Bot.__init__)


# --- discord.py ---------------------------------------------------------------------------


class State(ConnectionState[Any]):
    """Remembers what it was given."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        super().__init__(**options)


class Client(discord.Client):
    def _get_state(self, **options: Any) -> State:
        return State(
            dispatch=self.dispatch,
            handlers=self._handlers,
            hooks=self._hooks,
            http=self.http,
            **options,
        )


async def test_the_client_s_state_is_the_one_that_its_method_gives():
    client = Client(intents=INTENTS, enable_debug_events=True, max_messages=None)

    assert isinstance(client._connection, State)
    assert client._connection.options["http"] is client.http
    assert isinstance(client._connection.parsers, dict)
    assert client._enable_debug_events is True


def test_the_socket_is_opened_over_our_request_and_shown_to_the_state_before_anything_comes():
    opening = inspect.getsource(DiscordWebSocket.from_client)

    assert {"client", "initial", "gateway", "session", "sequence", "resume"} <= set(
        parameters(DiscordWebSocket.from_client)
    )
    order = ["http.ws_connect(", ".parsers", "client.dispatch", "_update_references(", "poll_event"]
    places = [opening.index(step) for step in order]
    assert places == sorted(places)
    assert "ws.session_id = " in opening
    assert "ws.sequence = " in opening
    assert "ws.gateway = " in opening


def test_the_bare_frame_is_dispatched():
    assert "'socket_raw_receive', " in inspect.getsource(DiscordWebSocket.debug_log_receive)


def test_what_ends_a_session_says_how():
    assert parameters(ReconnectWebSocket)[:2] == ["shard_id", "resume"]
    assert "self.code" in inspect.getsource(discord.ConnectionClosed)


async def test_our_way_to_the_api_stands_in_for_the_library_s_own():
    assert parameters(HTTPClient.ws_connect) == parameters(DiscordHttp.ws_connect)
    assert parameters(HTTPClient.request)[:2] == parameters(DiscordHttp.request)[:2]
    route = Route("GET", "/channels/{channel_id}/messages", channel_id=7)

    assert route.key == "GET /channels/{channel_id}/messages"
    assert route.major_parameters == "7"


def test_a_connection_is_closed_so_that_its_session_can_be_taken_up_again():
    assert (
        inspect.signature(DiscordClientWebSocketResponse.close).parameters["code"].default == 4000
    )


def test_the_library_can_be_told_not_to_warn_of_voice():
    assert isinstance(VoiceClient.warn_nacl, bool)
    assert isinstance(VoiceClient.warn_dave, bool)
