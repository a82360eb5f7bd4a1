"""The people of a run: an account on the platform, and a chat for each."""

import secrets
from datetime import UTC, datetime, timedelta

import jwt

_KEY = "a key of the stand-in platform, which believes everybody"
_FIRST_CHAT = 100_000


def users(bot: str, count: int) -> list[str]:
    """Whom a bot serves; no two bots share a user."""
    return [f"{bot}-{number}" for number in range(count)]


def chat_of(user: str) -> str:
    """The id of a user's private chat with their bot."""
    return str(_FIRST_CHAT + int(user.rpartition("-")[2]))


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    return secrets.token_urlsafe(16)


def expiry() -> datetime:
    """When a token made now ends: far after any run."""
    return now() + timedelta(days=7)


def token(user: str) -> str:
    """A user's access token."""
    return jwt.encode({"sub": user, "exp": expiry()}, _KEY, algorithm="HS256")
