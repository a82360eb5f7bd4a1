"""Processes of our own, which are asked and answer by lines of JSON."""

import asyncio
import inspect
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

LONGEST_LINE = 1 << 24
"""Bytes of one answer; a ledger of some thousand messages is far below."""

PATIENCE = 10.0
"""Seconds that a process may take to end by itself."""

Answers = Mapping[str, Callable[..., Any]]


class Child:
    """A process that answers questions, one at a time."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.pid = process.pid
        self._process = process
        self._asking = asyncio.Lock()

    def check(self) -> None:
        """Raise RuntimeError if the process has ended."""
        if self._process.returncode is not None:
            raise RuntimeError(f"{self.name} has ended with {self._process.returncode}")

    async def ask(self, question: str, **facts: Any) -> Any:
        """Ask and wait for the answer.

        Raises:
            RuntimeError: the process has ended, or says that it failed.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        async with self._asking:
            stdin.write(json.dumps([question, facts]).encode() + b"\n")
            line = await stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} has ended before it answered: {question}")
        return json.loads(line)


@asynccontextmanager
async def child(module: str, *arguments: str, checkout: Path | None = None) -> AsyncIterator[Child]:
    """Start `python -m module` and end it with the block. What it logs goes to our own stderr.

    Args:
        checkout: the folder whose code it runs; `None` for our own.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=checkout,  # the first place where `-m` makes Python look for modules
        limit=LONGEST_LINE,
    )
    try:
        yield Child(module, process)
    finally:
        # At the end of its input it stops by itself.
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(PATIENCE):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def answer(answers: Answers) -> None:
    """Be such a process: answer until the input ends."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        question, facts = json.loads(line)
        answered = answers[question](**facts)
        if inspect.isawaitable(answered):
            answered = await _awaited(answered)
        sys.stdout.write(json.dumps(answered) + "\n")
        sys.stdout.flush()


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
