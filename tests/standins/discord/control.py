"""Routes by which a test in another process plays the people and reads the ledger."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from tests.standins.discord.asks import Interaction
from tests.standins.discord.faults import BY_NAME
from tests.standins.discord.server import DiscordApi
from tests.standins.discord.world import Call, Channel, Json, Message, Person


def install(api: DiscordApi) -> None:
    """Add the routes to a server that is not running yet.

    Ids are texts, as Discord writes them; times are ISO 8601, of the stand-in's clock.

    ```
    GET  /control/ledger   what the devices show, the calls, the interactions
    POST /control/people   {"names": ["Ann"]}: gives their ids and those of their DMs
    POST /control/runs     {"person": id, "line": "bell status", "options": {}, "channel": id}
    POST /control/presses  {"person": id, "message": id, "label": "Pause"}
    POST /control/faults   {"fault": "bad_gateway", "route", "channel", "skip", "times"}
    POST /control/clock    {"seconds": 900}: moves it on
    POST /control/cut      resets all connections of the gateway
    POST /control/forget   an empty ledger, and no faults to come
    ```
    """

    def post(path: str, act: Callable[[Json], Json | list[Json] | None]) -> web.RouteDef:
        async def handle(request: web.Request) -> web.Response:
            return web.json_response(act(await request.json()) or {})

        return web.post(f"/control/{path}", handle)

    async def ledger(_: web.Request) -> web.Response:
        return web.json_response(_ledger(api))

    api.routes += [
        web.get("/control/ledger", ledger),
        post("people", lambda asked: _people(api, asked)),
        post("runs", lambda asked: _runs(api, asked)),
        post("presses", lambda asked: _presses(api, asked)),
        post("faults", lambda asked: _faults(api, asked)),
        post("clock", lambda asked: _move_clock(api, asked)),
        post("cut", lambda _: _cut(api)),
        post("forget", lambda _: _forget(api)),
    ]


def _people(api: DiscordApi, asked: Json) -> list[Json]:
    people = [api.world.person(name) for name in asked["names"]]
    return [{"id": str(person.id), "dm": str(person.dm.id)} for person in people]


def _runs(api: DiscordApi, asked: Json) -> Json:
    person, channel = _person(api, asked), _channel(api, asked)
    return _interaction(person.runs(asked["line"], channel, **asked.get("options", {})))


def _presses(api: DiscordApi, asked: Json) -> Json:
    message = next((m for m in api.world.messages if str(m.id) == asked["message"]), None)
    if message is None:
        raise web.HTTPNotFound
    return _interaction(_person(api, asked).presses(message, asked["label"]))


def _person(api: DiscordApi, asked: Json) -> Person:
    return api.world.people[int(asked["person"])]


def _channel(api: DiscordApi, asked: Json) -> Channel | None:
    id = asked.pop("channel", None)
    return None if id is None else api.world.channels[int(id)]


def _faults(api: DiscordApi, asked: Json) -> None:
    fault, channel = BY_NAME[asked.pop("fault")](), _channel(api, asked)
    api.fail(fault, channel=channel, **asked)


def _move_clock(api: DiscordApi, asked: Json) -> None:
    api.clock.advance(**asked)


def _cut(api: DiscordApi) -> None:
    api.gateway.cut()


def _forget(api: DiscordApi) -> None:
    api.heal()
    api.world.messages.clear()
    api.world.calls.clear()
    api.world.interactions.clear()


def _ledger(api: DiscordApi) -> Json:
    return {
        "messages": [_message(message) for message in api.world.messages],
        "calls": [_call(call) for call in api.world.calls],
        "interactions": [_interaction(one) for one in api.world.interactions.values()],
        "commands": api.world.commands[None],
    }


def _message(message: Message) -> Json:
    return {
        "id": str(message.id),
        "channel": str(message.channel.id),
        "text": message.text,
        "labels": list(message.labels),
        "pictures": [{"name": one.name, "alt": one.alt} for one in message.pictures],
        "audience": [str(person.id) for person in message.audience],
        "rang": [str(person.id) for person in message.rang],
        "silent": message.silent,
        "ephemeral": message.ephemeral,
        "edited": message.edited,
        "deleted": message.deleted,
        "at": message.at.isoformat(),
    }


def _call(call: Call) -> Json:
    return {
        "number": call.number,
        "route": call.route,
        "path": call.path,
        "at": call.at.isoformat(),
    }


def _interaction(one: Interaction) -> Json:
    return {
        "id": str(one.id),
        "person": str(one.person.id),
        "acknowledged": one.acknowledged,
        "failed": one.failed,
        "answer": _message(one.shown) if one.shown else None,
        "at": one.at.isoformat(),
    }
