"""The stand-in Bot API without HTTP: the real Telegram client on virtual time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from adapters.telegram.transport import TelegramRefusal
from tests.fakes.messenger import Shown
from tests.standins.bot_api.devices import as_card
from tests.standins.bot_api.methods import ApiError, Methods, Parameters
from tests.standins.bot_api.world import World


@dataclass(eq=False)
class Wire:
    """Plays `adapters.telegram.api.BotApi`."""

    now: Callable[[], datetime]
    bot: str = "1234567890"
    fault: Callable[[str], Exception | None] = lambda method: None
    """What a call of this method raises now instead of being carried out."""
    shown: list[Shown] = field(default_factory=list)
    calls: list[tuple[str, datetime]] = field(default_factory=list)
    """Methods, and when they were called."""

    def __post_init__(self) -> None:
        self.world = World({"id": int(self.bot), "is_bot": True, "first_name": "Tradebell"})
        self._methods = Methods(self.world).by_name

    async def call(
        self,
        method: str,
        parameters: dict[str, Any],
        *,
        wait: timedelta | None = None,
    ) -> Any:
        self.calls.append((method, self.now()))
        fault = self.fault(method)
        if fault is not None:
            raise fault
        texts = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in parameters.items()
        }
        before = len(self.world.messages)
        try:
            answer = self._methods[method](Parameters(texts, {}))
        except ApiError as refused:
            raise TelegramRefusal(
                refused.code,
                refused.description,
                moved_to=refused.parameters.get("migrate_to_chat_id"),
            ) from None
        for message in self.world.messages[before:]:
            chat = str(message.chat.id)
            self.shown.append(Shown(chat, as_card(message), self.now(), self.now()))
        return answer
