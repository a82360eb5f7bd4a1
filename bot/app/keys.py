"""The secret keys of a start: what is lost is said before anything new takes its place."""

from collections.abc import Sequence

import storage
from bot.errors import Misconfigured
from bot.settings import KEY_FILE, Settings, kept_keys, keys_in


async def keys_of(settings: Settings, *, new: bool = False) -> tuple[str, ...]:
    """The keys that are set or kept; the first start makes one.

    Args:
        new: a database may begin anew beside an old key.

    Raises:
        Misconfigured: there is none to be had, or either the key or the database has been lost.
    """
    if settings.secret_keys:
        return settings.secret_keys
    kept = kept_keys(settings.data_dir)
    await refuse_what_is_lost(settings, kept, new=new)
    return kept or keys_in(settings.data_dir)


async def refuse_what_is_lost(settings: Settings, kept: Sequence[str], *, new: bool) -> None:
    """See that the kept keys and the database are both there, or neither.

    Raises:
        Misconfigured: one is missing.
    """
    found = await storage.inspect(settings.database_url)
    path = settings.data_dir / KEY_FILE
    if found.locked and not kept:
        raise Misconfigured(
            f"The secret key {path} is missing, but the database was made with one: put the file"
            " back from a backup, or set TRADEBELL_SECRET_KEY to what it held."
        )
    if kept and found.version.present is None and not new:
        raise Misconfigured(
            f"There is a secret key, {path}, but nothing in its database: put the database back"
            " from a backup, or see whether TRADEBELL_DATABASE_URL and TRADEBELL_DATA_DIR are"
            " right. To begin anew, where everybody must link again: `tradebell run --new`."
        )
