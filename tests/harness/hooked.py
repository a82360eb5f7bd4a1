"""A port that does something else before a call: it fails, it hangs, or somebody takes note."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from typing import Any

from storage import Store

Hook = Callable[..., Awaitable[None]]
"""Is given what the call is given."""


class Hooked:
    """Does what the port behind it does, and before that what a test wants."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self._hooks: dict[str, Hook] = {}

    def before(self, method: str, hook: Hook) -> None:
        """From here on, have this done before each call of that method."""
        self._hooks[method] = hook

    def fails(
        self, method: str, *errors: Exception, if_: Callable[..., bool] = lambda *_: True
    ) -> None:
        """The next calls of that method, of those that are meant, raise these."""
        waiting = deque(errors)

        async def fail(*given: Any, **named: Any) -> None:
            if waiting and if_(*given):
                raise waiting.popleft()

        self.before(method, fail)

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._port, name)
        hook = self._hooks.get(name)
        if hook is None:
            return call

        async def hooked(*given: Any, **named: Any) -> Any:
            await hook(*given, **named)
            return await call(*given, **named)

        return hooked


def hooked(store: Store) -> Store:
    """The same store, each port of it `Hooked`."""
    names = {one.name for one in fields(Store)} - {"database", "vault"}
    ports: dict[str, Any] = {name: Hooked(getattr(store, name)) for name in names}
    return replace(store, **ports)
