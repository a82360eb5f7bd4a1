"""What an operator runs by hand: a look at all that `run` needs, new tables, a change of keys."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import storage
from adapters.cryptorobot.client import open_platform
from adapters.push import platform as push
from adapters.web.health import Backlog, Metrics
from bot.app.chat_platforms import PLATFORMS
from bot.app.keys import keys_of, refuse_what_is_lost
from bot.app.sources import new_id, now
from bot.domain.chats import Channel
from bot.domain.text import counted
from bot.errors import Refused, TradebellError, TryLater
from bot.services.chat_platforms import Around
from bot.services.leadership import Leadership
from bot.settings import KEY_FILE, Settings, kept_keys, new_key, token_setting
from storage.engine.folders import unwritable

Look = Callable[[Settings], Awaitable[str]]
"""Gives what is there, or raises a `TradebellError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `words` say what is there, or what to do.

    A `hint` is good as far as it goes.
    """

    what: str
    words: str
    good: bool = True
    hint: bool = False

    def __str__(self) -> str:
        mark = "hint" if self.hint else "ok" if self.good else "FAIL"
        return f"{mark:<4}  {self.what:<9} {self.words}"


async def check(settings: Settings) -> AsyncIterator[Finding]:
    """Look at all that `run` needs, without serving anybody."""
    looks: tuple[tuple[str, Look], ...] = (
        ("settings", _look_at_settings),
        ("folder", _look_at_folder),
        ("key", _look_at_key),
        ("database", _look_at_database),
        ("platform", _look_at_platform),
        *((channel, partial(_look_at_chats, channel)) for channel in PLATFORMS),
        ("pushover", _look_at_pushover),
        ("pages", _look_at_pages),
        ("metrics", _look_at_metrics),
    )
    for what, look in looks:
        try:
            yield Finding(what=what, words=await look(settings))
        except TradebellError as problem:
            yield Finding(what=what, words=str(problem), good=False)
    if settings.cut_off:
        words = (
            f"no phone can open {settings.web.public_url}: set TRADEBELL_PUBLIC_URL to an address"
            " that phones can open, as docs/reaching-it.md shows"
        )
        yield Finding(what="phones", words=words, hint=True)


async def migrate(settings: Settings) -> str:
    """Bring the tables up to date; gives a sentence on what was done.

    Raises:
        Misconfigured: the database cannot be opened, or is of a newer version.
    """
    version = await storage.migrate(settings.database_url)
    if version.present == version.wanted:
        return f"The database is of version {version.wanted} already."
    before = f"from version {version.present}" if version.present else "from nothing"
    return f"The database went {before} to version {version.wanted}."


async def rotate(settings: Settings) -> int:
    """Encrypt all secrets with the first key; gives how many had another.

    It may be interrupted at any time and run again.

    Raises:
        Misconfigured: for some none of the keys fits; all others are done.
    """
    keys = await keys_of(settings)
    async with storage.open_store(settings.database_url, keys, now, new_id) as store:
        count = await store.rotate()
        await store.audit.note("keys_rotated", now(), count=str(count))
        return count


async def accounts(settings: Settings) -> AsyncIterator[str]:
    """The accounts that are kept, a line each.

    Raises:
        Misconfigured: the database cannot be read.
    """
    kept = await storage.look(settings.database_url, storage.listed)
    for account, chats in kept:
        user = "" if account.nameless else f", user {account.platform_user}"
        yield (
            f"{account.id}  {account.label}{user}, since {account.created_at:%Y-%m-%d},"
            f" {counted(chats, 'chat')}"
        )
    if not kept:
        yield "No account is kept."


async def export(settings: Settings, called: str) -> str:
    """All that is kept of an account, as JSON; while Tradebell runs or not.

    Raises:
        Misconfigured: the database cannot be read.
        Refused: no account is called so, or several are.
    """
    found = await storage.look(settings.database_url, partial(storage.exported, called))
    return json.dumps(found, ensure_ascii=False, indent=2)


async def erase(settings: Settings, called: str) -> str:
    """Delete all that is kept of an account; gives a sentence on it.

    Raises:
        Misconfigured: the database cannot be opened, or another process has it.
        Refused: no account is called so, or several are, or another process does the work.
    """
    await storage.look(settings.database_url, partial(storage.found, called))
    keys = await keys_of(settings)
    async with storage.open_store(settings.database_url, keys, now, new_id) as store:
        duty = Leadership(store.leases, owner=new_id())
        if not await duty.take():
            raise Refused(
                "Tradebell is running with this database: stop it, erase, and start it again."
            )
        try:
            async with asyncio.TaskGroup() as group:
                # Of a large account it may take longer than the right lasts.
                keeping = group.create_task(duty.keep(), name="duty")
                account = await store.erase(called)
                await store.audit.note("account_erased", now())
                keeping.cancel()
        finally:
            await duty.end()
    return (
        f"Everything about account {account.id} ({account.label}) is erased. Backups of the"
        " database still have it."
    )


async def _look_at_settings(settings: Settings) -> str:
    if settings.open_file is None:
        return "understood"
    raise Refused(
        f"every user of this machine can read the secrets in {settings.open_file}: take the file"
        f" from them with chmod o= {settings.open_file}"
    )


async def _look_at_folder(settings: Settings) -> str:
    reason = unwritable(settings.data_dir)
    if reason is None:
        return f"{settings.data_dir} can be written"
    raise Refused(
        f"The data folder {settings.data_dir} cannot be written ({reason}): let Tradebell's user"
        " write there, or set TRADEBELL_DATA_DIR."
    )


async def _look_at_key(settings: Settings) -> str:
    if settings.secret_keys:
        return f"{counted(len(settings.secret_keys), 'key')} given by TRADEBELL_SECRET_KEY"
    path = settings.data_dir / KEY_FILE
    kept = kept_keys(settings.data_dir)
    await refuse_what_is_lost(settings, kept, new=False)
    if kept:
        return f"kept in {path}"
    return f"will be made at the first start, in {path}"


async def _look_at_database(settings: Settings) -> str:
    # Before the first start there is no key, and nothing that one would have to fit.
    keys = settings.secret_keys or kept_keys(settings.data_dir) or [new_key()]
    found = await storage.inspect(settings.database_url, keys)
    if found.broken is not None:
        raise Refused(f"The audit trail has been changed from outside, at row {found.broken}.")
    version = found.version
    if version.present is None:
        return "will be made at the first start"
    if version.present == version.wanted:
        return f"of version {version.wanted}, and the secret key fits"
    return f"of version {version.present}: the next start brings it to {version.wanted}"


async def _look_at_platform(settings: Settings) -> str:
    async with open_platform(settings.platform, now) as platform:
        try:
            return f"{settings.platform.url}: {await platform.reachable()}"
        except TryLater as failure:
            raise Refused(
                f"{settings.platform.url} cannot be used now ({failure}): see whether"
                " TRADEBELL_PLATFORM_URL is right and this machine has a way there."
            ) from failure


async def _look_at_chats(channel: Channel, settings: Settings) -> str:
    if channel not in settings.chats:
        return f"not set up: {token_setting(channel)} is not set"
    platform = PLATFORMS[channel](settings.chats[channel])
    around = Around(
        meter=Metrics(_nothing_owed),
        public_url=settings.web.public_url,
        now=now,
        chance=random.Random(),
    )
    return await platform.look(around)


async def _look_at_pushover(settings: Settings) -> str:
    if not settings.push.pushover_token:
        return "not set up: TRADEBELL_PUSHOVER_TOKEN is not set"
    return await push.look(settings.push)


async def _look_at_pages(settings: Settings) -> str:
    if settings.web.exposed:
        raise Refused(
            f"{settings.web.public_url} would carry passwords unencrypted: serve it by https, and"
            " set TRADEBELL_PUBLIC_URL to that address."
        )
    return f"{settings.web.public_url}, served at {settings.web.listen}"


async def _look_at_metrics(settings: Settings) -> str:
    if settings.web.metrics is None:
        return "switched off: TRADEBELL_METRICS_LISTEN is empty"
    return f"http://{settings.web.metrics}/metrics"


async def _nothing_owed() -> Backlog:
    return Backlog(oldest=None, items={}, missed={})
