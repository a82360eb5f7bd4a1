"""Visits to the settings page: a one-time address from a chat, then a browser for a while."""

from dataclasses import dataclass

from bot.domain.chats import Link, Person
from bot.domain.ids import NewId, Now
from bot.domain.lifetimes import CODE_LIFE, VISIT_LIFE
from bot.domain.visits import Visit, VisitProblem
from bot.ports import Visits
from bot.services.linking import hashed


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

    async def invite(self, link: Link, person: Person) -> str:
        """A one-time address for this person and this chat, good for `CODE_LIFE`."""
        now, code = self.now(), self.new_id()
        visit = Visit(
            link=link.id,
            person=person.id,
            language=link.preferences.language,
            until=now + CODE_LIFE,
        )
        await self.visits.invite(hashed(code), visit, now)
        return f"{self._page}{code}"

    def code_hash_in(self, url: str) -> str | None:
        """By what one of our addresses is known; `None` if it is none."""
        return hashed(url.removeprefix(self._page)) if url.startswith(self._page) else None

    @property
    def _page(self) -> str:
        return f"{self.public_url}/settings/open/"

    async def look(self, code: str) -> Visit | VisitProblem:
        return await self.visits.look(hashed(code), self.now())

    async def enter(self, code: str) -> tuple[str, Visit] | VisitProblem:
        now, secret = self.now(), self.new_id()
        entered = await self.visits.enter(hashed(code), hashed(secret), now + VISIT_LIFE, now)
        return entered if isinstance(entered, VisitProblem) else (secret, entered)

    async def at(self, secret: str) -> Visit | None:
        return await self.visits.at(hashed(secret), self.now())

    async def leave(self, secret: str) -> None:
        await self.visits.leave(hashed(secret))
