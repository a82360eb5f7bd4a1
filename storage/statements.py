"""Statements that every event waits for, compiled once."""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    Insert,
    Select,
    Update,
    bindparam,
    func,
    select,
)
from sqlalchemy.types import TypeEngine

from storage.database import driver_of

Core = Select[*tuple[Any, ...]] | Insert | Update | Delete
Values = Mapping[str, Any]

Row = Any
"""A tuple with the columns' names as attributes."""

Process = Callable[[Any], Any]


class Statement:
    """A Core statement with bound values, run again and again.

    On SQLite the driver is given the compiled text: of the time that an event waits for the store,
    most would else go into preparing and wrapping each execution anew. On PostgreSQL, where the way
    to the server takes longer than that, it is executed as any other.

    Args:
        build: gives the statement for a dialect.
        keys: the columns that an INSERT fills.
    """

    def __init__(self, build: Callable[[str], Core], *keys: str) -> None:
        self._built = cache(build)
        self._keys = keys
        self._direct: _Direct | None = None

    def rows(self, connection: Connection, values: Values) -> list[Row]:
        """All rows that it gives."""
        if connection.dialect.name != "sqlite":
            return list(connection.execute(self._built(connection.dialect.name), values))
        direct = self._for(connection.dialect)
        found = driver_of(connection).execute(direct.text, direct.bound(values))
        return [direct.row(row) for row in found.fetchall()]

    def run(self, connection: Connection, *values: Values) -> int:
        """Do it for each of these; gives how many rows that changed in all."""
        if not values:
            return 0
        if connection.dialect.name != "sqlite":
            return connection.execute(self._built(connection.dialect.name), values).rowcount
        direct = self._for(connection.dialect)
        if len(values) == 1:
            done = driver_of(connection).execute(direct.text, direct.bound(values[0]))
        else:
            done = driver_of(connection).executemany(direct.text, map(direct.bound, values))
        return int(done.rowcount)

    def _for(self, dialect: Dialect) -> "_Direct":
        if self._direct is None:
            self._direct = _Direct(self._built(dialect.name), self._keys, dialect)
        return self._direct


class _Place(NamedTuple):
    """A value that the text is waiting for."""

    name: str
    process: Process | None
    otherwise: Any


class _Direct:
    """What the driver is given, and what becomes of what it gives back."""

    def __init__(self, statement: Core, keys: Sequence[str], dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(keys) or None)
        self.text = str(compiled)
        self._places = [
            _Place(
                name,
                compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect),
                compiled.params[name],
            )
            for name in compiled.positiontup
        ]
        columns = list(statement.exported_columns)
        make = namedtuple("Row", [str(column.key) for column in columns])  # type: ignore[misc]
        self._make: Process = make._make
        self._reads = [_reader(column.type, dialect) for column in columns]

    def bound(self, values: Values) -> list[Any]:
        return [
            process(values.get(name, otherwise)) if process else values.get(name, otherwise)
            for name, process, otherwise in self._places
        ]

    def row(self, values: Sequence[Any]) -> Row:
        return self._make(map(_read, self._reads, values))


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Process:
    return kind.dialect_impl(dialect).result_processor(dialect, None) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _read(read: Process, value: Any) -> Any:
    return read(value)


def among(
    column: ColumnElement[Any], name: str, kind: TypeEngine[Any], dialect: str
) -> ColumnElement[bool]:
    """Whether a column is one of the values bound to a name, in a text that is always the same.

    An ordinary IN has as many places as there are values.
    """
    if dialect == "sqlite":
        values = func.json_each(bindparam(name, type_=JSON())).table_valued("value")
        return column.in_(select(values.c.value))
    return column == func.any(bindparam(name, type_=ARRAY(kind)))
