"""The product where Telegram brings what people say, instead of being asked for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from adapters.telegram.listening import SECRET_HEADER
from adapters.telegram.updates import KINDS
from adapters.web.server import HOOK_LIMIT
from tests.integration.app.conftest import running
from tests.standins.bot_api import BotApi, Person
from tests.standins.faults import Hold

EARLIER, LATER, LAST = 900_000_001, 900_000_002, 900_000_003
"""Numbers of updates, in the order of what people did."""


@dataclass(frozen=True, slots=True)
class Posting:
    """Whoever has found the address."""

    api: BotApi

    @property
    def told(self) -> Any:
        """With what the bot has said last where updates are to come."""
        return self.api.world.calls_of("setWebhook")[-1].parameters

    async def brings(self, body: bytes, secret: str | None) -> int:
        headers = {} if secret is None else {SECRET_HEADER: secret}
        async with aiohttp.ClientSession() as http:
            answer = await http.post(self.told["url"], data=body, headers=headers)
            return answer.status

    async def brings_truly(self, number: int, ann: Person, text: str) -> int:
        chat = {"id": ann.id, "type": "private", "first_name": ann.name}
        message = {"message_id": number, "chat": chat, "from": ann.as_json(), "text": text}
        update = {"update_id": number, "message": message}
        return await self.brings(json.dumps(update).encode(), self.told["secret_token"])


def answers(ann: Person) -> list[str]:
    return [one.text.partition("\n")[0] for one in ann.chat.shown if one.sender != ann.id]


HELP, WHOAMI, LINK = (
    "What you can ask me",
    "This chat is not linked yet",
    "Link your trading account",
)


async def test_a_webhook_takes_what_telegram_brings_once_and_in_any_order(settings, bot_api, ann):
    world, posting = bot_api.world, Posting(bot_api)
    update = b'{"update_id": 1, "message": {"text": "/help"}}'
    async with running(settings(TELEGRAM_WEBHOOK="true")) as product:
        await product.becomes("/readyz", lambda status, _: status == 200)
        secret = posting.told["secret_token"]
        refused = [
            await posting.brings(update, None),
            await posting.brings(update, "wrong"),
            await posting.brings(b"x" * (HOOK_LIMIT + 1), None),
            await posting.brings(b"no json", secret),
            await posting.brings(b"x" * (HOOK_LIMIT + 1), secret),
        ]
        path = posting.told["url"].removeprefix(f"http://{product.settings.web.listen}")
        looked, _ = await product.asked(path)
        heard_nothing = not answers(ann)
        taken = [
            await posting.brings_truly(number, ann, text)
            for number, text in (
                (LATER, "/help"),
                (LATER, "/help"),
                (EARLIER, "/whoami"),
                (LATER, "/help"),
                (LAST, "/link"),
            )
        ]
        await world.message_where(lambda one: LINK in one.text)

    assert refused == [401, 401, 413, 400, 413]
    assert looked == 405
    assert heard_nothing
    assert taken == [200] * 5
    assert sorted(answers(ann)) == sorted((HELP, WHOAMI, LINK))
    assert json.loads(posting.told["allowed_updates"]) == list(KINDS)
    assert not world.calls_of("getUpdates")


async def test_what_is_said_around_a_restart_and_a_change_to_polling_is_answered(
    settings, bot_api, ann
):
    """What was taken is answered by the next process; what was not, Telegram brings again."""
    world, held = bot_api.world, Hold(executes=False)
    by_webhook = settings(TELEGRAM_WEBHOOK="true")
    async with running(by_webhook) as product:
        await product.becomes("/readyz", lambda status, _: status == 200)
        bot_api.fail(held, method="sendMessage")
        ann.types("/help")
        await held.reached()
        await world.until(lambda: not world.updates)
        await product.stop()
    ann.types("/whoami")
    before = answers(ann)
    async with running(by_webhook):
        await world.message_where(lambda one: WHOAMI in one.text)
        await world.message_where(lambda one: HELP in one.text)
    ann.types("/link")
    async with running(settings()):
        await world.message_where(lambda one: LINK in one.text)

    assert before == []
    assert sorted(answers(ann)) == sorted((HELP, WHOAMI, LINK))
    assert len(world.calls_of("setWebhook")) == 2
    assert len(world.calls_of("deleteWebhook")) == 1
