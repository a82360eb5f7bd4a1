"""Calls of the platform's services, as they travel over the socket and over REST."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import quote

AUTHENTICATION = "authentication"

PAGE = 100
"""The most that one page holds.

Source: https://cryptorobot.ai/docs/guides/overview, "Pagination"
"""

Query = Mapping[str, object]

_HTTP = {"find": "GET", "get": "GET", "create": "POST", "patch": "PATCH", "remove": "DELETE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a service's method. Its data may hold a password."""

    method: str
    service: str
    id: str | None = None
    data: Mapping[str, object] | None = field(default=None, repr=False)
    query: Query = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        """Whether something is different afterwards, so that it must not happen twice."""
        return self.method not in ("find", "get") and self.service != AUTHENTICATION

    @property
    def arguments(self) -> tuple[object, ...]:
        """What follows the method's name on the socket (`platform.md` 3.2)."""
        given: list[object] = [self.service]
        if self.method in ("get", "patch", "remove"):
            given.append(self.id)
        if self.data is not None:
            given.append(self.data)
        return (*given, self.query)

    def over_rest(self) -> "RestRequest":
        """The same call over HTTP.

        Raises:
            ValueError: its id would lead to another place.
        """
        path = f"/{self.service}" if self.id is None else f"/{self.service}/{segment(self.id)}"
        parameters = tuple(
            pair for name, value in self.query.items() for pair in _pairs(name, value)
        )
        return RestRequest(
            verb=_HTTP[self.method], path=path, parameters=parameters, data=self.data
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RestRequest:
    """What HTTP needs of a call. `parameters` have in brackets what is nested."""

    verb: str
    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    data: object = field(default=None, repr=False)


def segment(text: str) -> str:
    """One step of a path that stays one step whatever it holds.

    Raises:
        ValueError: it would climb.
    """
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} is no step of a path")
    return quote(text, safe="")


def _pairs(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for inner, one in value.items():
            yield from _pairs(f"{name}[{inner}]", one)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            yield from _pairs(f"{name}[]", one)
    elif isinstance(value, bool):
        yield name, str(value).lower()
    else:
        yield name, str(value)


# --- the calls we make --------------------------------------------------------------------


def _few(service: str, *fields: str, limit: int = 1) -> Call:
    query: dict[str, object] = {"$limit": limit}
    if fields:
        query["$select"] = [*fields]
    return Call(method="find", service=service, query=query)


# Where a record holds secrets only these two fields are read; elsewhere all of them, for a server
# that refuses to select.
_OWN: tuple[tuple[str, ...], ...] = (
    ("traders", "_id", "userId"),
    ("trades",),
    ("exchanges", "_id", "userId"),
)
_SHARED = (_few("models/signals"), _few("strategies"))

PROOFS = (*(_few(*own) for own in _OWN), *_SHARED)
"""Small reads that only a login may make, the likeliest first: a key may lack the scope for any.

Source: https://cryptorobot.ai/docs/guides/api-keys, "Scopes"
"""

OWN = tuple(_few(*own, limit=20) for own in _OWN)
"""Reads of what is the account's alone, so that the records name whose the account is."""

TELLING = (*OWN, *_SHARED)
"""The same as `PROOFS`, of which the first ones tell the owner too. What comes after `OWN` may also
hold what other people share.
"""

# A bot that is read must look like the same bot in an event, or it would seem to have changed: so
# the names that are read there are asked for here, whichever of them the platform may have. No more
# than 20: of a longer list in an address FeathersJS makes an object, and fails. The rarest names of
# `running` are read from events only, and what a list leaves out changes nothing that is known.
# Source: https://github.com/ljharb/qs#parsing-arrays ("arrayLimit")
TRADER_FIELDS = (
    "_id",
    "userId",
    "user",
    "ownerId",
    "owner",
    "name",
    "running",
    "isActive",
    "status",
    "state",
    "dry_run",
    "open_trades",
    "exchange",
    "exchangeId",
    "strategy",
    "strategyId",
    "stake_currency",
    "pod",
    "podId",
    "updatedAt",
)
STRATEGY_FIELDS = (
    "_id",
    "userId",
    "user",
    "ownerId",
    "owner",
    "name",
    "type",
    "pair",
    "symbol",
    "interval",
    "timeframe",
    "configured",
    "createdAt",
    "updatedAt",
)


def oldest(service: str, since: datetime, limit: int, skip: int) -> Call:
    """A page of what was created at or after an instant, oldest first."""
    query = {
        "createdAt": {"$gte": _iso(since)},
        "$sort": {"createdAt": 1, "_id": 1},
        "$limit": min(limit, PAGE),
        "$skip": skip,
    }
    return Call(method="find", service=service, query=query)


def youngest(service: str, limit: int, skip: int = 0) -> Call:
    query: dict[str, object] = {"$sort": {"createdAt": -1, "_id": -1}, "$limit": min(limit, PAGE)}
    if skip:
        query["$skip"] = skip
    return Call(method="find", service=service, query=query)


ALL: Mapping[str, str] = MappingProxyType({})
"""No field must be as given."""


def whole(service: str, skip: int, only: Mapping[str, str] = ALL) -> Call:
    """A page of everything that a service has for the account, where these fields are as given."""
    query = {**only, "$sort": {"createdAt": 1, "_id": 1}, "$limit": PAGE, "$skip": skip}
    return Call(method="find", service=service, query=query)


def _iso(at: datetime) -> str:
    """As JavaScript writes it, milliseconds cut off: a filter must not be later than asked."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- what they give -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Oversized:
    """Stands on a page for a record that is too large to be taken; no two are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """One page. `total` is how many records match in all, `None` where the answer does not say."""

    records: tuple[object, ...]
    total: int | None = None

    def ends(self, skipped: int) -> bool:
        """Whether nothing follows this page.

        A short page says nothing: the platform may give less than was asked for.
        """
        reached = skipped + len(self.records)
        return not self.records or (self.total is not None and reached >= self.total)


def found(answer: object) -> FoundPage | None:
    """Read a page object, an object with only `data`, or a bare list; `None` if it is none.

    Source: `platform.md` 6, item 12.
    """
    if isinstance(answer, list):
        return FoundPage(records=tuple(answer))
    if not isinstance(answer, Mapping) or not isinstance(answer.get("data"), list):
        return None
    total = answer.get("total")
    # True would count as 1.
    known = isinstance(total, int) and not isinstance(total, bool)
    return FoundPage(records=tuple(answer["data"]), total=total if known else None)
