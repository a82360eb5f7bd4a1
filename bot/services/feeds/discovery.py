"""Asking the platform which of the bots' commands an account may use, before anybody needs them."""

import logging
import random
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.accounts import Account
from bot.domain.changes import condition
from bot.domain.pods import BotCommand
from bot.errors import ConnectionLost, NeedsLogin, NotOffered, OutcomeUnknown, Refused, TryLater
from bot.ports import Inbox, Session
from bot.services.feeds.rhythm import FeedRhythm, jittered
from bot.services.offered import Offered
from bot.services.steady import Seconds, steady

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class Discovery:
    """Of an account one request at a time, each a read: what is stored is not asked again.

    The account's feed does it, and there is one in all processes.
    """

    account: Account
    offered: Offered
    inbox: Inbox
    chance: random.Random
    rhythm: FeedRhythm
    next_at: Seconds = field(init=False, default=0.0)
    _unanswered: set[BotCommand] = field(init=False, default_factory=set)
    """Asked in vain since the last wait: the others come first."""

    async def ask_one(self, session: Session) -> bool:
        """Ask one command, if one is to be asked; gives whether a request was made.

        Raises:
            ConnectionLost, NeedsLogin: the session is at its end.
        """
        self.next_at = self._in(self.rhythm.sweep_every)
        try:
            return await self._ask_one(session)
        except (ConnectionLost, NeedsLogin):
            raise
        except (TryLater, OutcomeUnknown) as failure:
            log.warning("what bots can be asked is not known", extra={"reason": str(failure)})
            asked = failure.retry_after if isinstance(failure, TryLater) else None
            if asked is not None:
                self.next_at = max(self.next_at, steady() + asked.total_seconds())
            return True

    async def _ask_one(self, session: Session) -> bool:
        due = await self.offered.to_ask(self.account.id)
        commands = [one for one in due if one not in self._unanswered]
        bots = await self.inbox.traders(self.account.id) if commands else ()
        running = [one for one in bots if condition(one).running]
        if not running:
            self._unanswered.clear()
            return False
        if commands[1:]:
            self.next_at = steady() + self.rhythm.sweep_spacing.total_seconds()
        self._unanswered.add(commands[0])
        try:
            await session.pods.probe(running[0], commands[0])
        except NotOffered:
            await self.offered.deny(self.account.id, commands[0])
        except NeedsLogin:
            raise
        except Refused:
            await self.offered.allow(self.account.id, commands[0])  # the bot says no, not it
        else:
            await self.offered.allow(self.account.id, commands[0])
        self._unanswered.discard(commands[0])
        return True

    def _in(self, span: timedelta) -> Seconds:
        return steady() + jittered(span, self.chance).total_seconds()
