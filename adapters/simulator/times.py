"""Instants and ids as the platform writes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from random import Random


def iso(instant: datetime) -> str:
    """Write an instant as JavaScript does: UTC, milliseconds, Z."""
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def object_ids(now: Callable[[], datetime], chance: Random) -> Callable[[], str]:
    """Make ids that look like MongoDB's and sort by their second of creation.

    Source: https://www.mongodb.com/docs/manual/reference/bson-types/#objectid
    """
    machine = f"{chance.getrandbits(40):010x}"
    numbers = count(chance.getrandbits(16))

    def new_id() -> str:
        seconds = int(now().timestamp())
        return f"{seconds:08x}{machine}{next(numbers) & 0xFFFFFF:06x}"

    return new_id
