"""Visits to pages of a chat's own: a one-time address from there, then a browser for a while."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from bot.domain.chats import Link, Person
from bot.domain.ids import NewId, Now
from bot.domain.lifetimes import CODE_LIFE, INBOX_LIFE, VISIT_LIFE
from bot.domain.visits import Purpose, Visit, VisitProblem
from bot.ports import Visits
from bot.services.linking import hashed

_LIVES: Mapping[Purpose, timedelta] = MappingProxyType(
    {Purpose.SETTINGS: VISIT_LIFE, Purpose.INBOX: INBOX_LIFE}
)

_RENEWED_BELOW = INBOX_LIFE - timedelta(days=1)
"""So that not every look at an inbox is a write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visiting:
    """
    Attributes:
        public_url: where people reach the pages, without a trailing slash.
    """

    visits: Visits
    public_url: str
    now: Now
    new_id: NewId

    async def invite(self, purpose: Purpose, link: Link, person: Person) -> str:
        """A one-time address for this person and this chat, good for `CODE_LIFE`."""
        now, code = self.now(), self.new_id()
        visit = Visit(
            purpose=purpose,
            link=link.id,
            person=person.id,
            language=link.preferences.language,
            until=now + CODE_LIFE,
        )
        await self.visits.invite(hashed(code), visit, now)
        return f"{self._page(purpose)}{code}"

    def code_hash_in(self, url: str) -> str | None:
        """By what one of our addresses is known; `None` if it is none."""
        pages = [self._page(purpose) for purpose in Purpose]
        return next((hashed(url.removeprefix(one)) for one in pages if url.startswith(one)), None)

    def _page(self, purpose: Purpose) -> str:
        return f"{self.public_url}/{purpose}/open/"

    async def look(self, purpose: Purpose, code: str) -> Visit | VisitProblem:
        return await self.visits.look(purpose, hashed(code), self.now())

    async def enter(
        self, purpose: Purpose, code: str, browser: str = ""
    ) -> tuple[str, Visit] | VisitProblem:
        now, secret = self.now(), self.new_id()
        entered = await self.visits.enter(
            purpose, hashed(code), hashed(secret), now + _LIVES[purpose], now, browser
        )
        return entered if isinstance(entered, VisitProblem) else (secret, entered)

    async def at(self, purpose: Purpose, secret: str) -> Visit | None:
        """The visit that goes on by that secret; an inbox goes on as long as it is used."""
        now = self.now()
        visit = await self.visits.at(purpose, hashed(secret), now)
        if visit is not None and purpose is Purpose.INBOX and visit.until < now + _RENEWED_BELOW:
            await self.visits.extend(hashed(secret), now + INBOX_LIFE)
        return visit

    async def leave(self, secret: str) -> None:
        await self.visits.leave(hashed(secret))
