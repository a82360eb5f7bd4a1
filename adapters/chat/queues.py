"""Work that is begun in order for each chat, and for many chats at once."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

Work = Callable[[], Coroutine[Any, Any, None]]

HEAD_START = 0.5
"""Seconds that a piece of work keeps those behind it waiting: what is quick ends in order, and what
is slow holds nothing else up."""


class ChatQueues:
    """One queue for each chat that has something to do.

    Args:
        group: the parent of all work.
        at_once: how many chats are served at the same time.
        most: how much may be waiting or under way; above it, `room` holds back who brings more.
    """

    def __init__(self, group: asyncio.TaskGroup, *, at_once: int, most: int) -> None:
        self._group = group
        self._places = asyncio.Semaphore(at_once)
        self._most = most
        self._open = 0
        self._queues: dict[str, deque[tuple[Work, bool]]] = {}
        self._room = asyncio.Event()
        self._room.set()

    def put(self, chat: str, work: Work, *, alone: bool = False) -> None:
        """Add to a chat's queue. Never waits.

        Args:
            alone: whatever comes after it in this chat waits for its end.
        """
        self._open += 1
        if self._open >= self._most:
            self._room.clear()
        queue = self._queues.get(chat)
        if queue is not None:
            queue.append((work, alone))
            return
        self._queues[chat] = deque([(work, alone)])
        self._group.create_task(self._serve(chat), name="chat queue")

    async def room(self) -> None:
        """Return once there is room for more."""
        await self._room.wait()

    async def _serve(self, chat: str) -> None:
        queue = self._queues[chat]
        while queue:
            async with self._places:
                work, alone = queue.popleft()
                task = self._group.create_task(self._do(work), name="chat work")
                await asyncio.wait({task}, timeout=None if alone else HEAD_START)
        del self._queues[chat]

    async def _do(self, work: Work) -> None:
        await work()
        self._open -= 1
        if self._open < self._most:
            self._room.set()
