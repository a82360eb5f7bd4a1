"""Time, ids and digits, as the machine gives them; everybody else takes them as arguments."""

import secrets
from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    return secrets.token_urlsafe(16)


def new_digits() -> str:
    return f"{secrets.randbelow(1_000_000):06}"
