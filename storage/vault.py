"""Secrets at rest: encrypted, each bound to its owner."""

import hashlib
import hmac
import json
import logging
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Connection, delete, select, update

from bot.domain.accounts import Credential, Grant
from bot.domain.ids import AccountId, EndpointId
from bot.domain.phones import PushTarget
from bot.domain.text import counted
from bot.errors import Misconfigured
from storage.engine.database import Database
from storage.engine.upsert import Insert, insert_into
from storage.schema.codec import (
    decode_credential,
    decode_grant,
    decode_target,
    encode_credential,
    encode_grant,
    encode_target,
)
from storage.schema.tables import secret

log = logging.getLogger(__name__)

VERSION = 1
"""Of the plaintext's shape."""

ROTATE_BATCH = 200

_CANARY = "canary"
"""The owner of a row that only says whether a key opens this database."""


PUSH_SECRET = "push"
"""The owner of what signs pushes: all of this database's people."""


class _Batch(NamedTuple):
    """Some secrets, by their owners' order, taken from old keys to the first."""

    rotated: int
    unreadable: int
    last: str


class Vault:
    """Encrypts and decrypts with the operator's keys: the first encrypts, all decrypt.

    Fernet binds a text to nothing, so each plaintext names its owner and kind, and is refused
    under another name: whoever can write to the database cannot hand A's credential to B.

    Args:
        keys: Fernet keys, newest first.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            ciphers = [Fernet(key) for key in keys]
            self._cipher = MultiFernet(ciphers)
        except ValueError:
            raise Misconfigured(
                "TRADEBELL_SECRET_KEY must be Fernet keys, newest first, separated by commas:"
                " `tradebell keys` makes one."
            ) from None
        self._current = hashlib.sha256(b"tradebell key\0" + keys[0].encode()).hexdigest()[:12]
        self._digit_keys = [
            hmac.digest(key.encode(), b"tradebell digits", "sha256") for key in keys
        ]
        self._button_keys = [
            hmac.digest(key.encode(), b"tradebell buttons", "sha256") for key in keys
        ]
        self._login_key = hmac.digest(keys[0].encode(), b"tradebell logins", "sha256")

    # --- rows -----------------------------------------------------------------------------

    def keep_credential(
        self, connection: Connection, account: AccountId, credential: Credential
    ) -> None:
        self._keep(connection, account_secret(account), "credential", encode_credential(credential))

    def credential(self, connection: Connection, account: AccountId) -> Credential | None:
        """What opens the account; `None` if there is nothing, or nothing that can be trusted."""
        plain = self._find(connection, account_secret(account), "credential")
        return None if plain is None else decode_credential(plain)

    def keep_grant(self, connection: Connection, attempt: str, grant: Grant) -> None:
        self._keep(connection, attempt_secret(attempt), "grant", encode_grant(grant))

    def grant(self, connection: Connection, attempt: str) -> Grant | None:
        plain = self._find(connection, attempt_secret(attempt), "grant")
        return None if plain is None else decode_grant(plain)

    def keep_handle(
        self, connection: Connection, message: str, handle: str, until: datetime
    ) -> None:
        owner = message_secret(message)
        self._keep(connection, owner, "handle", {"handle": handle}, until)

    def handle(self, connection: Connection, message: str) -> str | None:
        plain = self._find(connection, message_secret(message), "handle")
        return None if plain is None else str(plain["handle"])

    def keep_target(self, connection: Connection, phone: EndpointId, target: PushTarget) -> None:
        self._keep(connection, phone_secret(phone), "phone", encode_target(target))

    def target(self, connection: Connection, phone: EndpointId) -> PushTarget | None:
        plain = self._find(connection, phone_secret(phone), "phone")
        return None if plain is None else decode_target(plain)

    def push_key(self, connection: Connection) -> str | None:
        """What signs pushes to browsers; `None` if there is none yet."""
        plain = self._find(connection, PUSH_SECRET, "push key")
        return None if plain is None else str(plain["private"])

    def agree_on_push_key(self, connection: Connection, made: str) -> str:
        """The one that is kept, whoever was first to make one; from now on this, if none is.

        Raises:
            Misconfigured: what is kept cannot be read.
        """
        sealed = self._sealed(PUSH_SECRET, "push key", {"private": made})
        row = {"owner": PUSH_SECRET, "kind": "push key", "until": None, **sealed}
        fresh = insert_into(secret, connection.dialect.name).on_conflict_do_nothing()
        connection.execute(fresh, row)
        kept = self.push_key(connection)
        if kept is None:
            raise Misconfigured(
                "The key that signs pushes to browsers cannot be read from the database: give"
                " TRADEBELL_SECRET_KEY the key that it was stored with, or put a backup back."
            )
        return kept

    def _keep(
        self,
        connection: Connection,
        owner: str,
        kind: str,
        plain: Mapping[str, Any],
        until: datetime | None = None,
    ) -> None:
        row = {"owner": owner, "kind": kind, "until": until, **self._sealed(owner, kind, plain)}
        connection.execute(_keeping(connection.dialect.name), row)

    def _find(self, connection: Connection, owner: str, kind: str) -> Mapping[str, Any] | None:
        token = connection.execute(select(secret.c.token).where(secret.c.owner == owner)).scalar()
        if token is None:
            return None
        try:
            return self._opened(owner, kind, token)
        except InvalidToken:
            log.error("a stored secret is not its owner's, or has been damaged")
            return None

    # --- keys -----------------------------------------------------------------------------

    def mark(self, connection: Connection) -> None:
        """See that the keys fit this database; a new one is marked with the first.

        Raises:
            Misconfigured: none of them fits.
        """
        if not self.fits(connection):
            self._keep(connection, _CANARY, _CANARY, {})

    def fits(self, connection: Connection) -> bool:
        """Whether a key opens this database; false if nothing is locked yet.

        Raises:
            Misconfigured: none does.
        """
        some = select(secret).order_by(secret.c.owner != _CANARY).limit(1)
        row = connection.execute(some).first()
        if row is None:
            return False
        try:
            self._opened(row.owner, row.kind, row.token)
        except InvalidToken:
            raise Misconfigured(
                "TRADEBELL_SECRET_KEY does not open this database: give the key that it was made"
                " with, after the new one and a comma if you want to change it."
            ) from None
        return True

    async def rotate(self, database: Database) -> int:
        """Encrypt everything with the first key; gives how many secrets that were.

        It may be interrupted at any time and run again.

        Raises:
            Misconfigured: for some none of the keys fits; all others are done.
        """
        rotated, unreadable, after = 0, 0, ""
        while batch := await database.write(self._rotate, after):
            rotated += batch.rotated
            unreadable += batch.unreadable
            after = batch.last
        if unreadable:
            raise Misconfigured(
                f"{counted(unreadable, 'stored secret')} can be opened with none of the keys in"
                " TRADEBELL_SECRET_KEY: add the one that is missing and try again. All others"
                f" ({rotated}) are encrypted with the first key now."
            )
        return rotated

    def _rotate(self, connection: Connection, starts: Sequence[str]) -> Sequence[_Batch | None]:
        return [self._rotate_after(connection, after) for after in starts]

    def _rotate_after(self, connection: Connection, after: str) -> _Batch | None:
        old = select(secret).where(secret.c.key != self._current, secret.c.owner > after)
        rows = connection.execute(old.order_by(secret.c.owner).limit(ROTATE_BATCH)).all()
        if not rows:
            return None
        rotated = 0
        for row in rows:
            try:
                token = self._cipher.rotate(row.token.encode()).decode()
            except InvalidToken:
                continue
            connection.execute(
                update(secret)
                .where(secret.c.owner == row.owner)
                .values(token=token, key=self._current)
            )
            rotated += 1
        return _Batch(rotated, len(rows) - rotated, rows[-1].owner)

    # --- texts ----------------------------------------------------------------------------

    def _sealed(self, owner: str, kind: str, plain: Mapping[str, Any]) -> dict[str, str]:
        bound = {"v": VERSION, "owner": owner, "kind": kind, "secret": plain}
        token = self._cipher.encrypt(json.dumps(bound).encode())
        return {"token": token.decode(), "key": self._current}

    def _opened(self, owner: str, kind: str, token: str) -> Mapping[str, Any]:
        bound = json.loads(self._cipher.decrypt(token.encode()))
        if (bound["v"], bound["owner"], bound["kind"]) != (VERSION, owner, kind):
            raise InvalidToken
        plain: Mapping[str, Any] = bound["secret"]
        return plain

    def digits_hash(self, attempt: str, digits: str) -> str:
        return self._digits_hashes(attempt, digits)[0]

    def are_digits(self, attempt: str, digits: str, stored: str) -> bool:
        """Compare in constant time; a key may have been put before the others since."""
        hashes = self._digits_hashes(attempt, digits)
        return any([hmac.compare_digest(each, stored) for each in hashes])

    def _digits_hashes(self, attempt: str, digits: str) -> list[str]:
        text = f"{attempt}\0{digits}".encode("utf-8", "replace")
        return [hmac.digest(key, text, "sha256").hex() for key in self._digit_keys]

    def sign(self, text: str) -> str:
        """For `bot.ports.Signing`: 128 bits of a MAC."""
        return self._signatures(text)[0]

    def is_signed(self, text: str, signature: str) -> bool:
        given = signature.encode("utf-8", "replace")
        made = [one.encode() for one in self._signatures(text)]
        return any([hmac.compare_digest(one, given) for one in made])

    def _signatures(self, text: str) -> list[str]:
        macs = [
            hmac.digest(key, text.encode("utf-8", "replace"), "sha256") for key in self._button_keys
        ]
        return [urlsafe_b64encode(mac[:16]).decode().rstrip("=") for mac in macs]

    def login_hash(self, *parts: str) -> str:
        """Another one under another first key: what was counted before is then forgotten."""
        text = json.dumps(parts).encode("utf-8", "replace")
        return hmac.digest(self._login_key, text, "sha256").hex()


def is_locked(connection: Connection) -> bool:
    """Whether there are secrets, which only their key opens."""
    return connection.execute(select(secret.c.owner).limit(1)).first() is not None


def account_secret(account: AccountId) -> str:
    return f"account:{account}"


def attempt_secret(attempt: str) -> str:
    return f"attempt:{attempt}"


def message_secret(message: str) -> str:
    return f"message:{message}"


def phone_secret(phone: str) -> str:
    return f"phone:{phone}"


def forget_grant(connection: Connection, attempt: str) -> None:
    connection.execute(delete(secret).where(secret.c.owner == attempt_secret(attempt)))


@cache
def _keeping(dialect: str) -> Insert:
    row = insert_into(secret, dialect)
    return row.on_conflict_do_update(
        index_elements=[secret.c.owner],
        set_={name: row.excluded[name] for name in ("kind", "key", "token", "until")},
    )
