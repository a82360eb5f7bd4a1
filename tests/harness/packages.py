"""The npm packages of the tests' servers."""

from __future__ import annotations

import fcntl
import subprocess
from collections.abc import Sequence
from pathlib import Path


def install(folder: Path, command: Sequence[str]) -> None:
    """Install what a folder's lock names, unless that has been done since it was written.

    The suite runs in several processes: one installs, and the others wait until it has.
    """
    wanted = folder / "package-lock.json"
    installed = folder / "node_modules" / ".package-lock.json"
    with wanted.open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
            subprocess.run(command, cwd=folder, check=True)
