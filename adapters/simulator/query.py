"""The query language of `find`: filters, operators, sorting, paging, field choice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from adapters.simulator.refusals import SimulatedRefusal

Record = Mapping[str, Any]
Query = Mapping[str, Any]

DEFAULT_LIMIT = 25
MAX_LIMIT = 100
"""Source: https://cryptorobot.ai/docs/guides/overview"""

_FILTERS = frozenset({"$limit", "$skip", "$sort", "$select", "$or"})


def page(
    records: Iterable[Record],
    query: Query,
    *,
    max_limit: int = MAX_LIMIT,
    text: bool = False,
) -> dict[str, Any]:
    """Give the page of `records` that `query` asks for.

    Args:
        records: in the order of their creation.
        max_limit: a page never holds more, whatever is asked.
        text: the query came as a URL, where every value is text: compare it with a
            number or a boolean as what it spells.

    Raises:
        SimulatedRefusal: 400, the query uses an operator that does not exist.
    """
    _check(query)
    limit = _limit(query.get("$limit"), max_limit)
    skip = max(0, _integer(query.get("$skip")) or 0)
    found = [record for record in records if matches(record, query, text=text)]
    for field, direction in reversed(_sorting(query.get("$sort"))):
        found.sort(key=lambda record: _rank(_dig(record, field)), reverse=direction < 0)
    return {
        "total": len(found),
        "limit": limit,
        "skip": skip,
        "data": [pick(record, query) for record in found[skip : skip + limit]],
    }


def matches(record: Record, query: Query, *, text: bool = False) -> bool:
    """Decide whether a record fits the filters of a query.

    Raises:
        SimulatedRefusal: 400, the query uses an operator that does not exist.
    """
    _check(query)
    return _fits(record, query, text)


def pick(record: Record, query: Query) -> dict[str, Any]:
    """Give the fields that `$select` names, and always the id."""
    chosen = query.get("$select")
    if chosen is None:
        return dict(record)
    names = {chosen} if isinstance(chosen, str) else {str(name) for name in chosen}
    return {key: value for key, value in record.items() if key in names | {"_id"}}


def from_brackets(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Turn the pairs of a URL's query, as in `createdAt[$gte]=x`, into a query.

    `$select[]=a&$select[]=b` and `$or[0][a]=1` make lists; a repeated name does too.
    """
    query: dict[str, Any] = {}
    for name, value in pairs:
        head, *inner = [name.split("[")[0], *re.findall(r"\[([^\]]*)\]", name)]
        _place(query, [head, *inner], value)
    return {name: _listed(value) for name, value in query.items()}


def _place(level: dict[str, Any], keys: list[str], value: str) -> None:
    key, *rest = keys
    key = key or str(len(level))
    if rest:
        inner = level.setdefault(key, {})
        if not isinstance(inner, dict):
            raise SimulatedRefusal(400, f"Invalid query parameter {key}")
        _place(inner, rest, value)
    elif key in level:
        seen = level[key]
        level[key] = [*seen, value] if isinstance(seen, list) else [seen, value]
    else:
        level[key] = value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(one) for key, one in value.items()}
    return list(inner.values()) if all(key.isdigit() for key in inner) else inner


def _check(query: Query) -> None:
    """Refuse unknown operators, with the words of the library.

    Source: feathersjs/feathers:packages/adapter-commons/src/query.ts
    """
    for key, value in query.items():
        if key == "$or":
            for branch in _branches(value):
                _check(branch)
        elif key.startswith("$") and key not in _FILTERS:
            raise SimulatedRefusal(400, f"Invalid filter value {key}")
        elif not key.startswith("$") and isinstance(value, Mapping):
            for operator in value:
                if operator.startswith("$") and operator not in _OPERATORS:
                    raise SimulatedRefusal(400, f"Invalid query parameter {operator}")


def _branches(value: Any) -> list[Query]:
    if not isinstance(value, list) or not all(isinstance(v, Mapping) for v in value):
        raise SimulatedRefusal(400, "Invalid query parameter $or")
    return value


def _fits(record: Record, query: Query, text: bool) -> bool:
    for key, wanted in query.items():
        if key == "$or":
            if not any(_fits(record, branch, text) for branch in wanted):
                return False
        elif not key.startswith("$") and not _passes(_dig(record, key), wanted, text):
            return False
    return True


def _passes(value: Any, wanted: Any, text: bool) -> bool:
    if isinstance(wanted, Mapping) and any(key.startswith("$") for key in wanted):
        return all(
            _OPERATORS[operator](value, _alike(value, operand) if text else operand)
            for operator, operand in wanted.items()
        )
    return _equal(value, _alike(value, wanted) if text else wanted)


def _alike(value: Any, operand: Any) -> Any:
    """Read what the text of a URL spells in the type of the value beside it."""
    if isinstance(operand, list):
        return [_alike(value, one) for one in operand]
    if not isinstance(operand, str):
        return operand
    if isinstance(value, bool):
        return {"true": True, "false": False}.get(operand, operand)
    if isinstance(value, (int, float)):
        return _number(operand)
    return None if value is None and operand == "null" else operand


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _equal(value: Any, wanted: Any) -> bool:
    # In Python, and only there, True equals 1.
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Compare numbers with numbers and texts with texts; anything else never fits."""

    def fits(value: Any, operand: Any) -> bool:
        kind, left = _rank(value)
        other, right = _rank(operand)
        return kind == other and kind in _COMPARABLE and compare(left, right)

    return fits


def _among(value: Any, operand: Any) -> bool:
    options: Sequence[Any] = operand if isinstance(operand, list) else [operand]
    return any(_equal(value, option) for option in options)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": _ordered(lambda value, operand: value > operand),
    "$gte": _ordered(lambda value, operand: value >= operand),
    "$lt": _ordered(lambda value, operand: value < operand),
    "$lte": _ordered(lambda value, operand: value <= operand),
    "$ne": lambda value, operand: not _equal(value, operand),
    "$in": _among,
    "$nin": lambda value, operand: not _among(value, operand),
}


def _dig(record: Record, path: str) -> Any:
    """Give the value at a dotted path, `None` where there is none."""
    value: Any = record
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _limit(asked: Any, most: int) -> int:
    limit = _integer(asked)
    return min(DEFAULT_LIMIT if limit is None or limit < 0 else limit, most)


def _integer(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _sorting(value: Any) -> list[tuple[str, int]]:
    if not isinstance(value, Mapping):
        return []
    return [(field, _integer(direction) or 1) for field, direction in value.items()]


_NOTHING, _NUMBER, _TEXT, _BOOLEAN, _OTHER = range(5)
_COMPARABLE = frozenset({_NUMBER, _TEXT, _BOOLEAN})


def _rank(value: Any) -> tuple[int, Any]:
    """Order values of different types as the library does: nothing, numbers, texts.

    Source: feathersjs/feathers:packages/adapter-commons/src/sort.ts
    """
    if isinstance(value, bool):
        return _BOOLEAN, value
    if isinstance(value, (int, float)):
        return _NUMBER, value
    if isinstance(value, str):
        return _TEXT, value
    return (_NOTHING, 0) if value is None else (_OTHER, repr(value))
