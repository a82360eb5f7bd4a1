"""What people say on Telegram: fetched or brought, stored, and given on to be answered."""

import asyncio
import hashlib
import hmac
import json
import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import NoReturn

from adapters.chat.exchange import NoAnswer
from adapters.chat.queues import ChatQueues
from adapters.telegram.answering import TelegramAnswering, Toast
from adapters.telegram.api import BotApi
from adapters.telegram.commands import describe, register_menu
from adapters.telegram.faults import RefusalKind, trouble
from adapters.telegram.settings import TelegramSettings
from adapters.telegram.transport import TelegramRefusal
from adapters.telegram.updates import KINDS, BotIdentity, Json, TelegramUpdate, heard
from bot.domain.backoff import Backoff
from bot.domain.chats import Channel
from bot.domain.incoming import AboutChat, HookAnswer
from bot.errors import Misconfigured, TryLater
from bot.ports import Hear, Journal, Meter

log = logging.getLogger(__name__)

LAST_UPDATE = 2**63 - 2
"""The largest number of an update that both fits where we keep it and has a successor."""

POLL = timedelta(seconds=30)
"""How long one `getUpdates` waits for something to happen."""

CHATS_AT_ONCE = 64

UPDATES_WAITING = 1000
"""Above this we ask for no more: what Telegram keeps is safe."""

BODY_LIMIT = 1 << 20

SECRET_HEADER = "x-telegram-bot-api-secret-token"
"""Source: https://core.telegram.org/bots/api#setwebhook"""

POLL_WAITS = Backoff(first=timedelta(seconds=1), ceiling=timedelta(seconds=30), jitter=(0.5, 1.0))
"""Between two questions while Telegram is away."""

REFUSED_WAIT = timedelta(minutes=5)
"""Between two looks whether Telegram takes our token again."""

CONFLICT_WAIT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listening:
    """Where what people say goes."""

    hear: Hear
    journal: Journal
    queues: ChatQueues
    group: asyncio.TaskGroup


class TelegramListener:
    """Hears what people say, and has it answered.

    `trouble` is a sentence while Telegram does not bring it to us.
    """

    def __init__(
        self,
        api: BotApi,
        answering: TelegramAnswering,
        settings: TelegramSettings,
        chance: random.Random,
        meter: Meter,
        public_url: str,
    ) -> None:
        self._api = api
        self._answering = answering
        self._settings = settings
        self._chance = chance
        self._meter = meter
        self._public_url = public_url
        self._us = BotIdentity(id=settings.bot)
        self._listening: _Listening | None = None
        self.trouble: str | None = "not listening yet"

    async def begin(self) -> None:
        """Introduce ourselves. Telegram need not be there yet.

        Raises:
            Misconfigured: the token is refused.
        """
        try:
            await self.introduce()
        except TelegramRefusal as refusal:
            if trouble(refusal) is RefusalKind.TOKEN:
                raise Misconfigured(
                    "TRADEBELL_TELEGRAM_TOKEN is refused by Telegram"
                    f" ({refusal.description}): take the current one from @BotFather."
                ) from None
            log.warning("Telegram does not know us yet", extra={"reason": str(refusal)})
        except NoAnswer as lost:
            log.warning("Telegram cannot be reached yet", extra={"reason": str(lost)})

    async def introduce(self) -> None:
        """Learn the bot's own name.

        Raises:
            TelegramRefusal: the token is not good, or Telegram wants us to wait.
            NoAnswer: Telegram is away.
        """
        match await self._api.call("getMe", {}):
            case {"username": str(name)}:
                self._us = replace(self._us, username=name)

    async def listen(self, hear: Hear, journal: Journal) -> NoReturn:
        """Answer what people say, until cancelled; what a crash left unanswered comes first.

        An update is stored before Telegram may forget it. Each chat's are begun in order, and one
        that takes long holds up none of those after it.

        Raises:
            Misconfigured: Telegram does not take our webhook's address.
        """
        await self._arrive()
        async with asyncio.TaskGroup() as group:
            queues = ChatQueues(group, at_once=CHATS_AT_ONCE, most=UPDATES_WAITING)
            listening = _Listening(hear=hear, journal=journal, queues=queues, group=group)
            left = await journal.open(Channel.TELEGRAM, self._us.id)
            for number, text in left.items():
                self._queue(listening, number, json.loads(text))
            self._listening = listening
            try:
                if self._settings.webhook:
                    await asyncio.Event().wait()  # updates come to `receive`
                await self._poll(listening)
            finally:
                self._listening = None
        raise AssertionError("polling never ends")

    @property
    def webhook_path(self) -> str:
        """Where updates come, if the settings want a webhook; nobody else can guess it."""
        return f"/telegram/{self._derived('path')[:32]}"

    async def receive(self, headers: Mapping[str, str], body: bytes) -> HookAnswer:
        """Take an update that Telegram brought.

        Only what is stored is answered with 200: the rest Telegram brings again.
        """
        given = {name.lower(): value for name, value in headers.items()}
        secret = given.get(SECRET_HEADER, "")
        if not hmac.compare_digest(secret.encode(), self._derived("secret").encode()):
            return HookAnswer(status=401)
        if len(body) > BODY_LIMIT:
            return HookAnswer(status=413)
        if self._listening is None:
            return HookAnswer(status=503)
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            return HookAnswer(status=400)
        try:
            await self._take(self._listening, [update])
        except TryLater as outage:
            log.warning("an update cannot be stored now", extra={"reason": str(outage)})
            return HookAnswer(status=503)
        return HookAnswer(status=200)

    async def _arrive(self) -> None:
        """Introduce ourselves, register the menu, and say how updates are to come."""
        failures = 0
        while True:
            try:
                await self.introduce()
                if self._settings.webhook:
                    await self._set_webhook()
                break
            except (TelegramRefusal, NoAnswer) as error:
                failures += 1
                await asyncio.sleep(self._wait_after(error, failures))
        try:
            if not self._settings.webhook:
                await self._api.delete_webhook()
            await register_menu(self._api)
            await describe(self._api)
        except (TelegramRefusal, NoAnswer) as error:
            # Neither keeps anybody from being heard: polling itself tells if a webhook is left.
            log.warning(
                "the menu or the description could not be registered", extra={"reason": str(error)}
            )
        self._well()

    async def _set_webhook(self) -> None:
        try:
            await self._api.set_webhook(
                f"{self._public_url}{self.webhook_path}",
                secret_token=self._derived("secret"),
                allowed_updates=list(KINDS),
            )
        except TelegramRefusal as refusal:
            if trouble(refusal) is RefusalKind.CONTENT:
                raise Misconfigured(
                    "TRADEBELL_TELEGRAM_WEBHOOK needs a TRADEBELL_PUBLIC_URL that Telegram can"
                    f" reach ({refusal.description})."
                ) from None
            raise

    async def _poll(self, listening: _Listening) -> NoReturn:
        offset = failures = 0
        while True:
            await listening.queues.room()
            # After trouble the first answer must not take half a minute: it says that all is well.
            wait = timedelta(0) if self.trouble else POLL
            try:
                updates = await self._api.call(
                    "getUpdates",
                    {
                        "offset": offset,
                        "timeout": int(wait.total_seconds()),
                        "allowed_updates": list(KINDS),
                    },
                    wait=wait,
                )
            except (TelegramRefusal, NoAnswer) as error:
                failures += 1
                await asyncio.sleep(self._wait_after(error, failures))
                continue
            self._well()
            try:
                # The next call confirms these to Telegram, so they must be stored before it.
                taken = await self._take(listening, updates)
                offset, failures = taken or offset, 0 if taken or not updates else failures + 1
            except TryLater as outage:
                # Telegram keeps them meanwhile.
                failures += 1
                log.warning("updates cannot be stored now", extra={"reason": str(outage)})
            # What cannot be stored comes again at once.
            await asyncio.sleep(min(failures, POLL_WAITS.ceiling.total_seconds()))

    async def _take(self, listening: _Listening, updates: object) -> int:
        """Store updates and queue those that are new; gives the number to go on from, or 0."""
        numbered = _numbered(updates)
        if updates and not numbered:
            self._meter.alarm("unusable_update")
            log.error("Telegram brings updates that have no number")
        if not numbered:
            return 0
        texts = {number: json.dumps(update) for number, update in numbered.items()}
        for number in await listening.journal.keep(Channel.TELEGRAM, self._us.id, texts):
            self._queue(listening, number, numbered[number])
        return max(numbered) + 1

    def _wait_after(self, error: TelegramRefusal | NoAnswer, failures: int) -> float:
        """Seconds until Telegram is asked again; says what is wrong, once."""
        if isinstance(error, NoAnswer):
            if failures > 1:
                self._ill("Telegram cannot be reached", error)
            return POLL_WAITS.wait(failures, self._chance).total_seconds()
        if error.retry_after is not None:
            return error.retry_after.total_seconds()
        if trouble(error) is RefusalKind.TOKEN:
            self._ill("Telegram refuses the bot's token", error)
            return REFUSED_WAIT.total_seconds()
        if error.status == 409:
            self._ill("another program listens with the bot's token", error)
            return CONFLICT_WAIT.total_seconds()
        self._ill("Telegram refuses to be asked for updates", error)
        return POLL_WAITS.ceiling.total_seconds()

    def _ill(self, what: str, error: TelegramRefusal | NoAnswer) -> None:
        if self.trouble == what:
            return
        self.trouble = what
        self._meter.alarm("telegram_not_listening")
        log.error(what, extra={"reason": str(error)})

    def _well(self) -> None:
        if self.trouble is not None:
            self.trouble = None
            log.info("listening to Telegram")

    def _derived(self, purpose: str) -> str:
        """A secret that every process with our token derives alike."""
        token = self._settings.token.encode()
        return hmac.new(token, f"tradebell webhook {purpose}".encode(), hashlib.sha256).hexdigest()

    def _queue(self, listening: _Listening, number: int, update: Json) -> None:
        found = heard(update, self._us)
        toast = None
        if found.query is not None:
            # From here on, whatever is ahead of it in the chat's queue, the press is answered.
            toast = Toast()
            answering = self._answering.answer_press(found.query, toast)
            listening.group.create_task(answering, name="telegram press")
        # Whether a chat is open to us is decided by what came last.
        alone = isinstance(found.said, AboutChat)
        listening.queues.put(
            found.chat, partial(self._answer, listening, number, found, toast), alone=alone
        )

    async def _answer(
        self, listening: _Listening, number: int, found: TelegramUpdate, toast: Toast | None
    ) -> None:
        if found.said is not None:
            await self._answering.reply_to(
                listening.hear, found.said, found.message, toast, found.aside
            )
        if toast is not None:
            toast.offer("")
        try:
            await listening.journal.done(Channel.TELEGRAM, self._us.id, number)
        except TryLater as outage:
            # At worst it is answered once more after a restart.
            log.warning("an answered update stays open", extra={"reason": str(outage)})


def _numbered(updates: object) -> Mapping[int, Json]:
    """What is an update, by its number; anything else nothing could store or confirm."""
    numbered: dict[int, Json] = {}
    for update in updates if isinstance(updates, list) else ():
        match update:
            case {"update_id": int(number)} if 0 <= number <= LAST_UPDATE:
                numbered[number] = update
    return numbered
