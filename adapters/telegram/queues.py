"""Work that is done in order for each chat, and for many chats at once."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

Work = Callable[[], Coroutine[Any, Any, None]]


class ChatQueues:
    """One queue for each chat that has something to do; its work goes one by one.

    Args:
        group: the parent of all work.
        at_once: how many chats are served at the same time.
        most: how much may wait; above it, `room` holds back who brings more.
    """

    def __init__(self, group: asyncio.TaskGroup, *, at_once: int, most: int) -> None:
        self._group = group
        self._places = asyncio.Semaphore(at_once)
        self._most = most
        self._waiting = 0
        self._queues: dict[str, deque[Work]] = {}
        self._room = asyncio.Event()
        self._room.set()

    def put(self, chat: str, work: Work) -> None:
        """Add to a chat's queue. Never waits."""
        self._waiting += 1
        if self._waiting >= self._most:
            self._room.clear()
        queue = self._queues.get(chat)
        if queue is not None:
            queue.append(work)
            return
        self._queues[chat] = deque([work])
        self._group.create_task(self._serve(chat), name="telegram chat")

    async def room(self) -> None:
        """Return once there is room for more."""
        await self._room.wait()

    async def _serve(self, chat: str) -> None:
        queue = self._queues[chat]
        while queue:
            async with self._places:
                await queue.popleft()()
            self._waiting -= 1
            if self._waiting < self._most:
                self._room.set()
        del self._queues[chat]
