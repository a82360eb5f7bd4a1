"""The packages of the tests' servers are there for every process that runs tests."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.harness.packages import install

NPM = """
mkdir under_way
sleep 0.2
mkdir -p node_modules
touch node_modules/.package-lock.json
rmdir under_way
echo done >>log
"""
"""As npm, it begins by taking away what another one may just be making."""


def test_of_many_that_want_the_packages_at_once_one_installs_them(tmp_path: Path):
    (tmp_path / "package-lock.json").write_text("{}")

    with ThreadPoolExecutor(4) as threads:
        runs = [threads.submit(install, tmp_path, ["sh", "-ec", NPM]) for _ in range(4)]

    assert [run.exception() for run in runs] == [None] * 4
    assert (tmp_path / "log").read_text() == "done\n"


def test_what_a_newer_lock_names_is_installed_again(tmp_path: Path):
    lock = tmp_path / "package-lock.json"
    lock.write_text("{}")
    install(tmp_path, ["sh", "-ec", NPM])

    os.utime(lock, (0, 0))
    install(tmp_path, ["sh", "-ec", NPM])
    before = (tmp_path / "log").read_text()
    os.utime(tmp_path / "node_modules" / ".package-lock.json", (0, 0))
    lock.touch()
    install(tmp_path, ["sh", "-ec", NPM])

    assert before == "done\n"
    assert (tmp_path / "log").read_text() == "done\ndone\n"
