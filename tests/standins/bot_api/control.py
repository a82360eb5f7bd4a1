"""Routes by which a test in another process plays the people and reads the ledger."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.standins.bot_api.faults import BY_NAME
from tests.standins.bot_api.server import BotApi
from tests.standins.bot_api.world import Call, Json, Message, Press


def install(api: BotApi) -> None:
    """Add the routes to a server that is not running yet.

    All times are `time.monotonic`, which on Linux all processes share.

    ```
    GET  /control/ledger   what the devices show, the calls, the presses
    POST /control/people   {"count": 50} or {"names": ["Ann"]}: gives their ids
    POST /control/types    {"person": id, "text": "/status"}
    POST /control/presses  {"person": id, "message_id": 3, "label": "Pause"}
    POST /control/faults   {"fault": "bad_gateway", "method", "chat", "skip", "times"}
    POST /control/forget   an empty ledger, and no faults to come
    ```
    """

    def post(path: str, act: Callable[[Json], Any]) -> web.RouteDef:
        async def handle(request: web.Request) -> web.Response:
            return web.json_response(act(await request.json()))

        return web.post(f"/control/{path}", handle)

    async def ledger(_: web.Request) -> web.Response:
        return web.json_response(_ledger(api))

    api.routes += [
        web.get("/control/ledger", ledger),
        post("people", lambda asked: _people(api, asked)),
        post("types", lambda asked: _types(api, asked)),
        post("presses", lambda asked: _presses(api, asked)),
        post("faults", lambda asked: _faults(api, asked)),
        post("forget", lambda _: _forget(api)),
    ]


def _people(api: BotApi, asked: Json) -> list[int]:
    names = asked.get("names") or [f"Person {i}" for i in range(asked.get("count", 1))]
    return [api.world.person(name).id for name in names]


def _types(api: BotApi, asked: Json) -> Json:
    person = api.world.people[asked["person"]]
    return _message(person.types(asked["text"]))


def _presses(api: BotApi, asked: Json) -> Json:
    person = api.world.people[asked["person"]]
    message = person.chat.find(asked["message_id"])
    if message is None:
        raise web.HTTPNotFound
    return _press(person.presses(message, asked["label"]))


def _faults(api: BotApi, asked: Json) -> Json:
    fault = BY_NAME[asked.pop("fault")]()
    api.fail(fault, **asked)
    return {}


def _forget(api: BotApi) -> Json:
    api.heal()
    api.world.messages.clear()
    api.world.calls.clear()
    api.world.presses.clear()
    return {}


def _ledger(api: BotApi) -> Json:
    return {
        "messages": [_message(message) for message in api.world.messages],
        "calls": [_call(call) for call in api.world.calls],
        "presses": [_press(press) for press in api.world.presses.values()],
    }


def _message(message: Message) -> Json:
    return {
        "chat": message.chat.id,
        "message_id": message.id,
        "text": message.text,
        "entities": list(message.entities),
        "photo": message.photo is not None,
        "buttons": [[button.text for button in row] for row in message.buttons],
        "silent": message.silent,
        "edited": message.edited,
        "deleted": message.deleted,
        "at": message.at,
    }


def _call(call: Call) -> Json:
    return {"number": call.number, "method": call.method, "chat": call.chat, "at": call.at}


def _press(press: Press) -> Json:
    answer = press.answer
    return {
        "id": press.id,
        "person": press.person.id,
        "label": press.button.text,
        "at": press.at,
        "answer": {"text": answer.text, "alert": answer.alert, "at": answer.at} if answer else None,
    }
