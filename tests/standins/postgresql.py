"""A PostgreSQL server of a test's own, which can be stopped in the middle of everything."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.processes import free_port


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `stalled` is a machine that swaps, or a disk that hangs."""

    url: str
    data: Path

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Nothing of it runs until the block ends; what connects is not answered."""
        for process in self._processes():
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in self._processes():
                os.kill(process, signal.SIGCONT)

    def _processes(self) -> Sequence[int]:
        """The server and all that it has started."""
        first = int((self.data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]


@contextmanager
def own_server() -> Iterator[Server]:
    """Start a server in a folder that is gone afterwards."""
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="tradebell-postgresql-") as folder:
        data, port = Path(folder) / "data", free_port()
        data.mkdir()
        if os.getuid() == 0:  # as which the server refuses to run
            Path(folder).chmod(0o711)
            shutil.chown(data, "postgres")
        _run(programs / "initdb", "--auth", "trust", "--username", "postgres", data)
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories="
        control = (programs / "pg_ctl", "--pgdata", data, "--log", data / "log", "--wait")
        _run(*control, "--options", options, "start")
        try:
            yield Server(f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres", data)
        finally:
            _run(*control, "--mode", "immediate", "stop")


def _programs() -> Path:
    found = shutil.which("pg_ctl")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if found is None and not installed:
        pytest.skip("needs the server of PostgreSQL: install it (Debian: apt install postgresql)")
    return Path(found).parent if found else installed[-1].parent


def _run(*command: str | Path) -> None:
    user = ("runuser", "--user", "postgres", "--") if os.getuid() == 0 else ()
    subprocess.run([*user, *command], cwd="/", check=True, stdout=subprocess.DEVNULL)
