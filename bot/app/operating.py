"""What an operator runs by hand: a look at all that `run` needs, new tables, a change of keys."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import storage
from adapters.cryptorobot.client import open_platform
from adapters.telegram.client import open_telegram
from adapters.telegram.transport import NoAnswer, Refusal
from adapters.web.health import Backlog, Metrics
from bot.app.sources import new_id, now
from bot.domain.links import Address
from bot.errors import Refused, TradebellError, TryLater
from bot.settings import Settings, keys_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `words` say what is there, or what to do."""

    what: str
    words: str
    good: bool = True

    def __str__(self) -> str:
        return f"{'ok  ' if self.good else 'FAIL'}  {self.what:<9} {self.words}"


async def check(settings: Settings) -> AsyncIterator[Finding]:
    """Look at all that `run` needs, without serving anybody."""
    yield Finding(what="settings", words="understood")
    for what, look in (
        ("database", _look_at_database),
        ("platform", _look_at_platform),
        ("telegram", _look_at_telegram),
        ("pages", _look_at_pages),
    ):
        try:
            yield Finding(what=what, words=await look(settings))
        except TradebellError as problem:
            yield Finding(what=what, words=str(problem), good=False)


async def migrate(settings: Settings) -> str:
    """Bring the tables up to date; gives a sentence on what was done.

    Raises:
        Misconfigured: the database cannot be opened, or is of a newer version.
    """
    await storage.migrate(settings.database_url)
    return "The database is of this version."


async def rotate(settings: Settings) -> int:
    """Encrypt all secrets with the first key; gives how many had another.

    It may be interrupted at any time and run again.

    Raises:
        Misconfigured: for some none of the keys fits; all others are done.
    """
    keys = settings.secret_keys or keys_in(settings.data_dir)
    async with storage.open_store(settings.database_url, keys, now, new_id) as store:
        count = await store.rotate()
        await store.audit.note("keys_rotated", now(), count=str(count))
        return count


async def _look_at_database(settings: Settings) -> str:
    keys = settings.secret_keys or keys_in(settings.data_dir)
    async with storage.open_store(settings.database_url, keys, now, new_id) as store:
        broken = await store.audit.broken()
    if broken is not None:
        raise Refused(f"The audit trail has been changed from outside, at row {broken}.")
    return "opens, has this version's tables, and the secret key fits"


async def _look_at_platform(settings: Settings) -> str:
    async with open_platform(settings.platform, now) as platform:
        try:
            return f"{settings.platform.url}: {await platform.reachable()}"
        except TryLater as failure:
            raise Refused(
                f"{settings.platform.url} cannot be used now ({failure}): see whether"
                " TRADEBELL_PLATFORM_URL is right and this machine has a way there."
            ) from failure


async def _look_at_telegram(settings: Settings) -> str:
    if settings.telegram is None:
        return "not set up: TRADEBELL_TELEGRAM_TOKEN is not set"
    opened = open_telegram(
        settings.telegram,
        now=now,
        chance=random.Random(),
        meter=Metrics(_nothing_owed),
        may_send=_never_asked,
    )
    async with opened as client:
        try:
            await client.introduce()
        except (Refusal, NoAnswer) as failure:
            raise Refused(
                f"{settings.telegram.api_url} cannot be used now ({failure}): see whether"
                " TRADEBELL_TELEGRAM_API_URL is right and this machine has a way there."
            ) from failure
        return f"{settings.telegram.api_url}: the token opens bot {client.bot}"


async def _look_at_pages(settings: Settings) -> str:
    if settings.web.exposed:
        raise Refused(
            f"{settings.web.public_url} would carry passwords unencrypted: serve it by https, and"
            " set TRADEBELL_PUBLIC_URL to that address."
        )
    return f"{settings.web.public_url}, served at {settings.web.listen}"


async def _nothing_owed() -> Backlog:
    return Backlog(oldest=None, items={})


async def _never_asked(address: Address) -> None:
    raise AssertionError(f"nobody replies to {address.channel} here")
