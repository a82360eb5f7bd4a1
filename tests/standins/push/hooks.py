"""A server that takes what Apprise says by `json://`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Hook:
    """It answers as it is told; what it does not take, it does not show."""

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    holds: asyncio.Event | None = None

    def texts(self) -> list[str]:
        """What shows, as it is read."""
        return ["\n".join(filter(None, (one["title"], one["message"]))) for one in self.shown]

    async def take(self, request: web.Request) -> web.Response:
        self.heard.append({"path": request.path, **await request.json()})
        if self.holds is not None:
            await self.holds.wait()
        if self.status == 200:
            self.shown.append(self.heard[-1])
        return web.Response(status=self.status, headers=self.headers)


@asynccontextmanager
async def serving() -> AsyncIterator[Hook]:
    hook = Hook()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hook.take)
    runner = web.AppRunner(app, shutdown_timeout=0.05, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    hook.url = f"json://127.0.0.1:{runner.addresses[0][1]}/hook-secret"
    try:
        yield hook
    finally:
        await runner.cleanup()
