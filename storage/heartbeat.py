"""Whether the database is older than when it was last worked with: a backup was put back.

Every minute of work is counted twice, in the database and in a small file in the data folder. What
only the file has counted is missing in the database: what happened then may have been told already.
"""

import asyncio
import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.domain.deliveries import Restored
from bot.domain.ids import Now
from bot.domain.outages import Outage, outage
from storage.leases import SqlLeases

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)

MARGIN = timedelta(minutes=5)
"""By which the platform's clock may be ahead of ours: when something happened is told by it."""

FILE = _NAME = "heartbeat"


class Heartbeat:
    """Counts minutes of work. Only who has the right to work may count.

    Args:
        folder: where the file is; it is this machine's own, and is never in a backup.
    """

    def __init__(self, leases: SqlLeases, folder: Path, now: Now) -> None:
        self._leases = leases
        self._path = folder / FILE
        self._now = now
        self._restored: Restored | None = None
        self.outage: Outage | None = None
        """That this process has ended by beginning to work."""
        self._is_kept = True

    async def begin(self) -> Restored | None:
        """Count the first minute, and see whether some are missing in the database.

        It is still known when the process is started again.

        Raises:
            TryLater, OutcomeUnknown: the database is away: try again.
        """
        before = await asyncio.to_thread(self._read)
        worked = await self._leases.until(_NAME)
        count = await self._count()
        now = self._now()
        if before is not None:
            self._restored = _restored_in(before)
            if count <= before["count"]:
                until = datetime.fromisoformat(before["at"]) + EVERY + MARGIN
                self._restored = Restored(found_at=now, told_until=min(until, now))
                worked = datetime.fromisoformat(before["at"])
                log.warning(
                    "the database is older than at the last start, as after a backup was put back:"
                    " what is told again is marked as a possible repeat",
                    extra={"told_until": self._restored.told_until.isoformat()},
                )
        self.outage = outage(worked, now)
        await asyncio.to_thread(self._write, count, now)
        return self._restored

    async def beat(self) -> None:
        """Count one more minute.

        Raises:
            TryLater, OutcomeUnknown: the database is away.
        """
        count = await self._count()
        await asyncio.to_thread(self._write, count, self._now())

    async def _count(self) -> int:
        # A lease that is over at once is a number that only grows.
        count = await self._leases.acquire(_NAME, _NAME, timedelta(0))
        assert count is not None, "nobody can hold it"
        return count

    def _read(self) -> Mapping[str, Any] | None:
        try:
            kept = json.loads(self._path.read_text())
            datetime.fromisoformat(kept["at"]) + timedelta(minutes=int(kept["count"]))
            _restored_in(kept)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError, OverflowError) as failure:
            log.warning(
                "nobody can tell whether a backup was put back: the file of minutes is no use",
                extra={"file": str(self._path), "reason": str(failure)},
            )
            return None
        found: Mapping[str, Any] = kept
        return found

    def _write(self, count: int, now: datetime) -> None:
        kept: dict[str, Any] = {"count": count, "at": now.isoformat()}
        if self._restored is not None:
            kept["found_at"] = self._restored.found_at.isoformat()
            kept["told_until"] = self._restored.told_until.isoformat()
        new = self._path.with_name(f"{FILE}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps(kept))
            os.replace(new, self._path)
        except OSError as failure:
            if self._is_kept:
                log.warning(
                    "if a backup is put back, what is told again will not be marked: the file of"
                    " minutes cannot be written",
                    extra={"file": str(self._path), "reason": str(failure)},
                )
            self._is_kept = False
            with suppress(OSError):
                new.unlink(missing_ok=True)
        else:
            self._is_kept = True


def _restored_in(kept: Mapping[str, Any]) -> Restored | None:
    if "told_until" not in kept:
        return None
    return Restored(
        found_at=datetime.fromisoformat(kept["found_at"]),
        told_until=datetime.fromisoformat(kept["told_until"]),
    )
