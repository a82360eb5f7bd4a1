"""Credentials: how they are presented, and what a login's answer says about its person."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256

from adapters.cryptorobot.calls import AUTHENTICATION, Call
from adapters.cryptorobot.fields import Fields, identifier
from adapters.cryptorobot.payload import Garbled, loads
from bot.domain.accounts import (
    NAMELESS,
    Credential,
    CredentialKind,
    Grant,
    KeyLogin,
    Login,
    PasswordLogin,
    TokenLogin,
)
from bot.domain.text import clean, masked_email
from bot.errors import NeedsLogin
from bot.texts.errors import USE_PASSWORD, Sentence

KEY_STRATEGY = "apiKey"
"""What an API key's strategy, and its field, are called in the framework's own guide; the platform
does not say.

Source: feathersjs/feathers:docs/cookbook/authentication/apiKey.md
"""

_LONGEST_SECRET = 8000
"""Bytes of all headers that a server takes, as Node.js has it, less the others."""


def authorization(credential: Credential) -> dict[str, str]:
    """The header that carries a credential.

    Raises:
        NeedsLogin: it holds what no token or key can.

    Source: https://cryptorobot.ai/docs/guides/api-keys
    """
    secret = credential.secret
    if not (secret.isascii() and secret.isprintable() and 0 < len(secret) < _LONGEST_SECRET):
        raise NeedsLogin(Sentence.NO_KEY_OR_TOKEN)
    scheme = "ApiKey" if credential.kind is CredentialKind.API_KEY else "Bearer"
    return {"Authorization": f"{scheme} {secret}"}


def signing_in(login: Login) -> Call:
    """The call that turns what a person typed into a token."""
    match login:
        case PasswordLogin(email=email, password=password):
            return _authenticate({"strategy": "local", "email": email, "password": password})
        case KeyLogin(api_key=key):
            return _authenticate({"strategy": KEY_STRATEGY, KEY_STRATEGY: key.strip()})
        case TokenLogin(token=token):
            return _authenticate({"strategy": "jwt", "accessToken": token.strip()})


def presenting(credential: Credential) -> Call:
    """The call that logs a socket in, or asks for a later token."""
    if credential.kind is CredentialKind.API_KEY:
        return signing_in(KeyLogin(api_key=credential.secret))
    return signing_in(TokenLogin(token=credential.secret))


def _authenticate(data: Mapping[str, object]) -> Call:
    return Call(method="create", service=AUTHENTICATION, data=data)


def kept(login: Login, answer: object) -> Credential | None:
    """The credential to keep after a login: the key itself, else the token that was given.

    `None` if there is no token in the answer.
    """
    if isinstance(login, KeyLogin):
        return Credential(kind=CredentialKind.API_KEY, secret=login.api_key.strip())
    if isinstance(login, TokenLogin):
        return with_token(token_in(answer) or login.token.strip())
    token = token_in(answer)
    return None if token is None else with_token(token)


def with_token(token: str) -> Credential:
    return Credential(kind=CredentialKind.TOKEN, secret=token, expires_at=expiry(token))


def token_in(answer: object) -> str | None:
    """The token of a login's answer.

    Source: `platform.md` 6, item 15
    """
    if not isinstance(answer, Mapping):
        return None
    for place in (answer, answer.get(AUTHENTICATION)):
        token = place.get("accessToken") if isinstance(place, Mapping) else None
        if isinstance(token, str) and token:
            return token
    return None


def expiry(token: str) -> datetime | None:
    """When a token ends by its own claim; the signature is the platform's to check."""
    return _claims(token).instant("exp")


def nothing_accepted(credential: Credential) -> NeedsLogin:
    """What to say when no service accepted a credential, though none called it wrong."""
    if credential.kind is CredentialKind.API_KEY:
        return NeedsLogin(Sentence.ACCEPTS_NOTHING_WITH_KEY)
    return NeedsLogin(Sentence.ACCEPTS_NOTHING_WITH_LOGIN)


def user(answer: object) -> str | None:
    """The user whom the platform's answer to a login names."""
    return _user(answer).id()


def owner(record: object) -> str | None:
    """The user to whom a record belongs by the platform's own field, `None` if it does not say.

    In no other spelling: any other field may be one that the record's author made up.

    Source: https://cryptorobot.ai/docs/guides/traders
    """
    return identifier(record.get("userId")) if isinstance(record, Mapping) else None


def agreed(records: Iterable[object]) -> str | None:
    """The owner of all these records, as far as they name any; `None` if none does.

    Raises:
        NeedsLogin: they name several, or one that cannot be read.
    """
    named = {
        owner(record)
        for record in records
        if isinstance(record, Mapping) and record.get("userId") is not None
    }
    if len(named) > 1 or None in named:
        raise NeedsLogin(Sentence.SHOWS_OTHERS)
    return named.pop() if named else None


def grant(login: Login, credential: Credential, answer: object, owner: str | None) -> Grant:
    """Who logged in: the user of the answer, else the owner, else whom the given token names.

    All three are the platform's words. Nothing is read from what the person typed: anybody can
    write a token that claims to be somebody. The owner alone is less than the platform's own word
    on who logged in: it may show a record to somebody else.

    Args:
        credential: to keep, accepted by the platform.
        answer: of the login that succeeded; `None` if it did not, as with most API keys.
        owner: whom all records name that the platform showed to this credential, if any.

    Raises:
        NeedsLogin: nothing says whose key or token it is.
    """
    who, subject = _user(answer), _subject(login, answer)
    id = who.id() or owner or subject
    email, name = who.text("email"), who.text("name")
    return Grant(
        platform_user=id or _made_up(login),
        label=clean(masked_email(email) if email else name or "your account"),
        plan=who.text("plan"),
        credential=credential,
        inferred=id is not None and id not in (who.id(), subject),
    )


def _made_up(login: Login) -> str:
    """The same for the same person, of whom only the e-mail is certain."""
    if isinstance(login, PasswordLogin):
        return NAMELESS + sha256(login.email.strip().lower().encode()).hexdigest()[:32]
    by_key = isinstance(login, KeyLogin)
    reason = Sentence.WHOSE_KEY if by_key else Sentence.WHOSE_TOKEN
    raise NeedsLogin(USE_PASSWORD.format(reason=reason))


def _user(answer: object) -> Fields:
    return _fields(answer).part("user") or Fields({})


def _subject(login: Login, answer: object) -> str | None:
    """Whom the token names that the platform gave. A key is its own credential, not that token."""
    token = None if isinstance(login, KeyLogin) else token_in(answer)
    return None if token is None else _claims(token).text("sub")


def _fields(answer: object) -> Fields:
    return Fields(answer if isinstance(answer, Mapping) else {})


def _claims(token: str) -> Fields:
    """The claims of a JSON Web Token, none if it is not one. They are unproved.

    Source: RFC 7519, section 3; RFC 7515, section 2 (base64url without padding)
    """
    parts = token.split(".")
    if len(parts) != 3:
        return Fields({})
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        return _fields(loads(base64.urlsafe_b64decode(padded)))
    except (Garbled, binascii.Error, ValueError):
        return Fields({})
