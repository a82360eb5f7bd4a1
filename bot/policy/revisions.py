"""How a thing that changes makes facts: each change under a revision of its own."""

import hashlib
from dataclasses import replace
from datetime import datetime

from bot.domain.events import AHEAD, Origin, Strategy, Trader
from bot.domain.ingesting import Known


def is_stale(before: Trader | Strategy | None, seen: Trader | Strategy, now: datetime) -> bool:
    """Whether what is known is newer, by a date that can be."""
    return (
        before is not None
        and before.updated_at is not None
        and seen.updated_at is not None
        and seen.updated_at < before.updated_at <= now + AHEAD
    )


def revised(origin: Origin, known: Known, state: str) -> Origin:
    """A revision that follows from the last one: running, paused, running are three facts.

    Its time is part of it: the same change may happen again after an unlink forgot the last one.
    """
    before = known.revisions.get(origin.record, "")
    facts = "\0".join((before, origin.revision, origin.at.isoformat(), state))
    digest = hashlib.sha256(facts.encode("utf-8", "replace"))
    return replace(origin, revision=digest.hexdigest()[:16])
