"""Which commands an account can use: those that can be asked here, and that it is not denied."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.domain.commands import Spec
from bot.domain.ids import AccountId, Now
from bot.domain.permits import Permit
from bot.domain.pods import BotCommand
from bot.errors import OutcomeUnknown, TryLater
from bot.ports import Permits, Platform

log = logging.getLogger(__name__)


class Offered:
    """What the platform has said to each account's commands is kept, also over a restart."""

    def __init__(self, permits: Permits, platform: Platform, now: Now) -> None:
        self._permits = permits
        self._platform = platform
        self._now = now
        self._tell: Callable[[], None] = lambda: None

    def when_changed(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    @property
    def of_bots(self) -> frozenset[BotCommand]:
        """What bots themselves can be asked and told here, by anybody."""
        return self._platform.bot_commands

    async def listed(self, specs: Sequence[Spec], account: AccountId | None) -> list[Spec]:
        """Those of some commands that a person can use, with or without an account."""
        if account is None:
            return [one for one in specs if not one.pods]
        denied = await self.denied(account)
        return [
            one
            for one in specs
            if one.name not in denied and (not one.pods or one.name in self.of_bots)
        ]

    async def denied(self, account: AccountId) -> frozenset[str]:
        found = await self._permits.of(account)
        return frozenset(one.command for one in found if not one.allowed)

    async def lets(self, account: AccountId, command: BotCommand) -> bool:
        return command in self.of_bots and command not in await self.denied(account)

    async def allow(self, account: AccountId, command: str) -> None:
        await self._note(account, command, allowed=True)

    async def deny(self, account: AccountId, command: str) -> None:
        await self._note(account, command, allowed=False)

    async def to_ask(self, account: AccountId) -> Sequence[BotCommand]:
        """What nobody has asked for a while, as it is addressed now. What has been denied so long,
        and cannot be asked without doing it, is let go: whoever asks is told.
        """
        now, templates = self._now(), self._platform.pod_templates
        known = {one.command: one for one in await self._permits.of(account)}
        kept = {name for name, one in known.items() if one.holds(templates, now)}
        for name, one in known.items():
            if not one.allowed and name not in kept and name not in self.of_bots:
                await self._permits.note(replace(one, allowed=True, at=now, templates=templates))
        return sorted(self.of_bots - kept)

    async def _note(self, account: AccountId, command: str, *, allowed: bool) -> None:
        """What fails here is seen again when the command is asked the next time."""
        now, templates = self._now(), self._platform.pod_templates
        permit = Permit(
            account=account, command=command, allowed=allowed, at=now, templates=templates
        )
        try:
            known = {one.command: one for one in await self._permits.of(account)}.get(command)
            if known is None:
                # What nobody ever was denied need not be known, but of bots: that is asked anew.
                news = not allowed or command in self.of_bots
            else:
                news = known.allowed is not allowed or not known.holds(templates, now)
            if news:
                await self._permits.note(permit)
                self._tell()
        except (TryLater, OutcomeUnknown) as outage:
            log.warning("what an account may ask was not stored", extra={"reason": str(outage)})
