"""People of the platform: passwords, API keys, and the tokens that stand for a login."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import jwt

from adapters.simulator.refusals import SimulatedRefusal
from adapters.simulator.times import iso

Now = Callable[[], datetime]

Credential = Mapping[str, Any]
"""What proves a login: the data of `create authentication`, or a parsed header."""

SCOPES = frozenset(
    {
        *("read:strategies", "write:strategies", "read:exchanges", "write:exchanges"),
        *("read:traders", "write:traders", "read:portfolio", "read:insights"),
        *("read:models", "write:models"),
    }
)
"""What an API key may be given.

Source: https://cryptorobot.ai/docs/guides/api-keys
"""

_ISSUER = _AUDIENCE = "https://api.cryptorobot.ai"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person's account, with what a test needs to log in as them."""

    id: str
    email: str
    password: str = field(repr=False)
    api_key: str = field(repr=False)
    name: str
    plan: str
    verified: bool
    token_life: timedelta
    created_at: datetime

    def visible(self) -> dict[str, Any]:
        """Give the user object that the login answer carries."""
        return {
            "_id": self.id,
            "email": self.email,
            "name": self.name,
            "plan": self.plan,
            "verified": self.verified,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An API key; `scopes` is `None` for one that may do everything."""

    id: str
    user: str
    secret: str = field(repr=False)
    scopes: frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a credential stands for, and by which key if by one."""

    user: User
    key: Key | None
    strategy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A token and what it says."""

    identity: Identity
    token: str = field(repr=False)
    claims: Mapping[str, Any]
    expires_at: datetime

    def answer(self) -> dict[str, Any]:
        """Give the documented answer to a login.

        Source: https://cryptorobot.ai/docs/guides/authentication; `payload` is what
        version 5 of the library adds.
        """
        return {
            "accessToken": self.token,
            "authentication": {
                "strategy": self.identity.strategy,
                "accessToken": self.token,
                "payload": dict(self.claims),
            },
            "user": self.identity.user.visible(),
        }


class SimulatedAccounts:
    """All users and keys, and the tokens given to them."""

    def __init__(self, now: Now, new_id: Callable[[], str], chance: Random) -> None:
        self._now = now
        self._new_id = new_id
        self._chance = chance
        self._secret = self._random_text(64)
        self._users: dict[str, User] = {}
        self._by_email: dict[str, User] = {}
        self._keys: dict[str, Key] = {}
        self._by_secret: dict[str, Key] = {}
        self._tokens: dict[str, set[str]] = {}
        self._revoked: set[str] = set()
        self._expired: set[str] = set()

    def add(
        self,
        *,
        email: str,
        password: str,
        name: str,
        plan: str,
        verified: bool,
        token_life: timedelta,
        scopes: Iterable[str] | None,
    ) -> User:
        """Register a person, with one API key of these scopes."""
        user_id = self._new_id()
        key = self.add_key(user_id, scopes)
        user = User(
            id=user_id,
            email=email,
            password=password,
            api_key=key.secret,
            name=name,
            plan=plan,
            verified=verified,
            token_life=token_life,
            created_at=self._now(),
        )
        self._users[user.id] = self._by_email[email] = user
        return user

    def add_key(self, user_id: str, scopes: Iterable[str] | None) -> Key:
        key = Key(
            id=self._new_id(),
            user=user_id,
            secret=f"cr_live_{self._random_text(32)}",
            scopes=None if scopes is None else frozenset(scopes),
        )
        self._keys[key.id] = self._by_secret[key.secret] = key
        return key

    def revoke_key(self, which: str) -> None:
        """Forget a key, named by its id or itself; what it opened ends at once.

        Source: https://cryptorobot.ai/docs/guides/api-keys
        """
        key = self._keys.get(which) or self._by_secret[which]
        del self._keys[key.id], self._by_secret[key.secret]

    def revoke_token(self, token: str) -> None:
        self._revoked.add(self._claims(token)["jti"])

    def expire_tokens(self, user_id: str) -> None:
        """Treat every token that the user holds as past its end."""
        self._expired |= self._tokens.get(user_id, set())

    def log_in(self, request: Credential) -> Login:
        """Check a credential and give a token for it.

        For a token, that is the same token with the same end.

        Source: feathersjs/feathers:packages/authentication/src/service.ts

        Raises:
            SimulatedRefusal: 401, with the words of the library.
        """
        if request.get("strategy") == "jwt":
            return self._verified(request.get("accessToken"))
        return self._with_new_token(self.identify(request))

    def identify(self, request: Credential) -> Identity:
        """Tell whose credential this is.

        Raises:
            SimulatedRefusal: 401, with the words of the library.
        """
        match request.get("strategy"):
            case "jwt":
                return self._verified(request.get("accessToken")).identity
            case "local":
                user = self._by_password(request)
                return Identity(user=user, key=None, strategy="local")
            case "apiKey":
                key = self._by_secret.get(str(request.get("apiKey")))
                if key is None:
                    raise SimulatedRefusal(401, "Invalid API key")
                return Identity(user=self._users[key.user], key=key, strategy="apiKey")
            case None:
                reason = " (no `strategy` set)"
            case _:
                reason = " (strategy not allowed in authStrategies)"
        raise SimulatedRefusal(401, f"Invalid authentication information{reason}")

    def _verified(self, token: object) -> Login:
        if not isinstance(token, str) or not token:
            raise SimulatedRefusal(401, "No access token")
        claims = self._claims(token)
        expires_at = _instant(claims["exp"])
        if self._now() >= expires_at or claims["jti"] in self._expired:
            facts = {"name": "TokenExpiredError", "expiredAt": iso(expires_at)}
            raise SimulatedRefusal(401, "jwt expired", data=facts)
        key = self._keys.get(claims["key"]) if "key" in claims else None
        user = self._users.get(claims["sub"])
        key_is_gone = "key" in claims and key is None
        if user is None or key_is_gone or claims["jti"] in self._revoked:
            raise SimulatedRefusal(401, "Not authenticated")
        return Login(
            identity=Identity(user=user, key=key, strategy="jwt"),
            token=token,
            claims=claims,
            expires_at=expires_at,
        )

    def _by_password(self, request: Credential) -> User:
        user = self._by_email.get(str(request.get("email")))
        password = request.get("password")
        if user is None or not isinstance(password, str):
            raise SimulatedRefusal(401, "Invalid login")
        if not hmac.compare_digest(password.encode(), user.password.encode()):
            raise SimulatedRefusal(401, "Invalid login")
        return user

    def _with_new_token(self, identity: Identity) -> Login:
        user = identity.user
        issued_at = int(self._now().timestamp())
        claims: dict[str, Any] = {
            "iat": issued_at,
            "exp": issued_at + int(user.token_life.total_seconds()),
            "aud": _AUDIENCE,
            "iss": _ISSUER,
            "sub": user.id,
            "jti": self._new_id(),
        }
        if identity.key is not None:
            claims["key"] = identity.key.id
        self._tokens.setdefault(user.id, set()).add(claims["jti"])
        return Login(
            identity=identity,
            token=jwt.encode(claims, self._secret, "HS256", headers={"typ": "access"}),
            claims=claims,
            expires_at=_instant(claims["exp"]),
        )

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            # The end is checked against our own clock, which a test may own.
            return jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                audience=_AUDIENCE,
                issuer=_ISSUER,
                options={"verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as error:
            words = _JWT_WORDS.get(type(error), "jwt malformed")
            facts = {"name": "JsonWebTokenError"}
            raise SimulatedRefusal(401, words, data=facts) from error

    def _random_text(self, length: int) -> str:
        return "".join(self._chance.choices("0123456789abcdef", k=length))


_JWT_WORDS: dict[type[Exception], str] = {
    jwt.InvalidSignatureError: "invalid signature",
    jwt.InvalidAlgorithmError: "invalid algorithm",
}
"""Source: auth0/node-jsonwebtoken:README.md, "Errors & Codes"."""


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
