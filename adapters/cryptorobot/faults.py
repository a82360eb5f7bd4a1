"""Every way in which the platform says no, or says nothing, as an error of ours."""

import errno
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp

from adapters.cryptorobot.calls import Call
from adapters.cryptorobot.fields import Fields, number
from bot.domain.text import clean
from bot.errors import (
    ConnectionLost,
    NeedsLogin,
    NoSuchRecord,
    NotOffered,
    OutcomeUnknown,
    Refused,
    SocketRefused,
    TradebellError,
    TryLater,
)
from bot.texts.errors import NO_SOCKET_BY_STATUS, PLATFORM_SAYS, Sentence


class TooLarge(TryLater):
    """The answer to a read is more than is taken: ask for less."""


LONGEST_WAIT = timedelta(hours=1)
"""A platform that asks for more is asked again after this."""

_SENTENCE = 200
_DETAILS = 3

_SECRETS = re.compile(
    r"\b[a-z][a-z0-9+.-]*://\S+"  # addresses: their paths and queries hold keys
    r"|\beyJ[\w-]*\.[\w-]*(?:\.[\w-]*)?"  # JSON Web Tokens
    r"|\bcr_[a-z]+_\w+"  # API keys of the platform
    r"|(?i:\b(?:bearer|apikey)\s+\S+)"
)
_STACK = re.compile(r"\s*\n\s+at\s.*", re.DOTALL)
_MARKUP = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)

_POD_REFUSAL = re.compile(r"Error querying \S*:\s*")
"""How a bot says a plain no, under the status of an outage.

Source: freqtrade's rpc/api_server/webserver.py, `handle_rpc_exception`
"""

_NOT_FOR_YOU = (
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.METHOD_NOT_ALLOWED,
)


def refusal(
    call: Call,
    error: object,
    status: int | None = None,
    retry_after: timedelta | None = None,
) -> TradebellError:
    """Classify an error object, of an acknowledgement or of an HTTP answer.

    Args:
        status: of HTTP; over the socket the object's own `code` is all there is.
        retry_after: from the header; over the socket the object may hold a hint.

    Source: https://cryptorobot.ai/docs/guides/errors, `platform.md` 2.12 and 3.4
    """
    fields = Fields(error if isinstance(error, Mapping) else {})
    code = fields.count("code") or status
    text = words(error, code)
    if _is_pod_refusal(fields):
        return Refused(text)
    match code:
        case HTTPStatus.UNAUTHORIZED:
            return NeedsLogin(text)
        case HTTPStatus.NOT_FOUND if call.method == "find":
            return NotOffered(text)
        case HTTPStatus.NOT_FOUND:
            return NoSuchRecord(text)
        case HTTPStatus.TOO_MANY_REQUESTS:
            return TryLater(text, retry_after or _hint(fields))
        case HTTPStatus.REQUEST_TIMEOUT:
            return unanswered(call, text)
        case _ if code in _NOT_FOR_YOU:
            return NotOffered(text)
        case int() if 400 <= code < 500:
            return Refused(text)
    # A server's failure, or an exception without a code: how far it got, nobody knows.
    return unanswered(call, text, retry_after)


def unanswered(call: Call, reason: str, retry_after: timedelta | None = None) -> TradebellError:
    """The call went out, and nothing came back that says what it did."""
    return OutcomeUnknown(reason) if call.writes else TryLater(reason, retry_after)


def too_large(call: Call) -> TradebellError:
    """The answer is more than is taken, so what it says is not known."""
    reason = Sentence.TOO_LARGE
    return OutcomeUnknown(reason) if call.writes else TooLarge(reason)


def cut_off(call: Call, reason: str) -> TradebellError:
    """The connection ended before the answer came."""
    return OutcomeUnknown(reason) if call.writes else ConnectionLost(reason)


def broken(call: Call, error: Exception) -> TradebellError:
    """Classify what aiohttp raised instead of an answer.

    A connection that never came about carried nothing.
    """
    never_sent = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
    reason = unreached(error)
    return TryLater(reason) if isinstance(error, never_sent) else unanswered(call, reason)


def unopened(error: Exception | None, refusal: object, now: datetime) -> TryLater:
    """Classify a socket that did not open.

    Args:
        error: what aiohttp raised, `None` if something answered that is no Socket.IO or hung up.
        refusal: of the namespace, an object with `message`; whether it is about the credential
            cannot be told from its words.
    """
    if isinstance(error, aiohttp.WSServerHandshakeError):
        wait = wait_asked(error.headers.get("Retry-After") if error.headers else None, now)
        return SocketRefused(NO_SOCKET_BY_STATUS.format(status=error.status), wait)
    if isinstance(error, (aiohttp.ClientError, TimeoutError)):
        return TryLater(unreached(error))
    if isinstance(refusal, Mapping):
        return SocketRefused(words(refusal))
    return SocketRefused(Sentence.NO_SOCKET)


def outcome(call: Call, arguments: tuple[object, ...]) -> object:
    """Read an acknowledgement: nothing and the result, or the error alone.

    Source: `platform.md` 3.3
    """
    match arguments:
        case (None, result, *_):
            return result
        case (error, *_) if error is not None:
            raise refusal(call, error)
    raise unanswered(call, Sentence.EMPTY)


def unreached(error: Exception) -> str:
    """Why there is no answer, in a short sentence."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return Sentence.ADDRESS_UNKNOWN
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return Sentence.NOT_TRUSTED
        case aiohttp.ClientConnectorError():
            # The system's own words name addresses and calls, which no trader knows.
            return _NOT_CONNECTED.get(error.os_error.errno or 0, _UNREACHABLE)
        case aiohttp.ConnectionTimeoutError():
            return _UNREACHABLE
        case TimeoutError():
            return Sentence.NO_ANSWER
    return Sentence.BROKE


_UNREACHABLE = Sentence.UNREACHABLE

_NOT_CONNECTED = {
    errno.ECONNREFUSED: Sentence.TAKES_NO_CONNECTIONS,
    errno.ENETUNREACH: Sentence.NO_NETWORK,
    errno.EHOSTUNREACH: Sentence.NO_WAY,
    errno.ETIMEDOUT: Sentence.NO_ANSWER,
}


# --- waits --------------------------------------------------------------------------------


def wait_asked(header: str | None, now: datetime) -> timedelta | None:
    """Read `Retry-After`: seconds, or a date. `None` if there is none that makes sense.

    Source: RFC 9110, section 10.2.3
    """
    if header is None:
        return None
    seconds = number(header)
    if seconds is not None:
        return _sane(float(seconds))
    try:
        at = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return _sane((at - now).total_seconds())


def _hint(fields: Fields) -> timedelta | None:
    inner = fields.part("data")
    seconds = inner.number("retry_after") if inner is not None else None
    return None if seconds is None else _sane(float(seconds))


def _sane(seconds: float) -> timedelta | None:
    if seconds < 0:
        return None
    return min(timedelta(seconds=min(seconds, 86400.0)), LONGEST_WAIT)


# --- words --------------------------------------------------------------------------------


def words(error: object, code: int | None = None) -> str:
    """What to tell a person: the platform's own reason, without stack, markup or secrets."""
    if isinstance(error, Mapping):
        fields = Fields(error)
        said = fields.text("message", "error", "detail", limit=2000)
        details = _details(error)
    else:
        said, details = (error if isinstance(error, str) else None), []
    sentence = tidy(said or "") or _standard(code)
    return clean(f"{sentence}: {', '.join(details)}" if details else sentence, _SENTENCE)


def tidy(text: str) -> str:
    """Foreign text as one short line, its addresses, tokens and keys taken out."""
    if _MARKUP.match(text):
        return ""
    plain = _POD_REFUSAL.sub("", _STACK.sub("", text[:4000]))
    return clean(_SECRETS.sub("…", plain), _SENTENCE)


def _details(error: Mapping[object, object]) -> list[str]:
    """What is wrong with which field: `errors` or `data` as a list, or `errors` as an object."""
    for listed in (error.get("errors"), error.get("data"), error.get("detail")):
        if isinstance(listed, Mapping) and listed is error.get("errors"):
            pairs = [(name, said) for name, said in listed.items() if isinstance(said, str)]
            return [tidy(f"{name} {said}") for name, said in pairs[:_DETAILS]]
        if isinstance(listed, list):
            entries = [Fields(one) for one in listed[:_DETAILS] if isinstance(one, Mapping)]
            said = [tidy(entry.text("message", "msg", limit=_SENTENCE) or "") for entry in entries]
            return [one for one in said if one]
    return []


def _standard(code: int | None) -> str:
    try:
        return PLATFORM_SAYS.format(phrase=HTTPStatus(code or 0).phrase)
    except ValueError:
        return Sentence.NO_REASON


def _is_pod_refusal(fields: Fields) -> bool:
    said = fields.text("error", "message", limit=2000)
    return said is not None and _POD_REFUSAL.match(said) is not None
