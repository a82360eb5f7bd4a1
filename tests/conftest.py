"""What tests take from the machine: Node, a browser, PostgreSQL, the built wheel."""

from __future__ import annotations

import gc
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, settings
from sqlalchemy import make_url

from storage import migrate
from tests.harness.databases import apart, empty, execute
from tests.harness.packages import install

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

ROOT = Path(__file__).parent.parent
# Machines are shared: how long an example takes says nothing of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

NODE_MAJOR = 20
"""The Node release that each `package.json` here asks for."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-crash", action="store_true", help="crash at every point of a day")
    parser.addoption(
        "--every-database", action="store_true", help="tell every story on SQLite and PostgreSQL"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Thousands of tests and their modules stay until the end: no collection need look at them."""
    gc.freeze()


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The folder of the FeathersJS 5 server, its npm packages installed."""
    return _with_packages("feathers")


@pytest.fixture(scope="session")
def node_modules_4() -> Path:
    """The same of the FeathersJS 4 server."""
    return _with_packages("feathers4")


@pytest.fixture(scope="session")
def inbox_witnesses() -> Path:
    """The folder of what judges the inbox: a push service that others wrote, and axe."""
    return _with_packages("browsers")


def _with_packages(name: str) -> Path:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _major(node) < NODE_MAJOR:
        pytest.skip(f"needs Node.js {NODE_MAJOR} or newer with npm: install it")
    folder = ROOT / "tests" / name
    install(folder, [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The executable of a Chromium or Chrome."""
    for name in ("chromium", "google-chrome", "google-chrome-stable"):
        found = shutil.which(name)
        # A snap cannot read the temporary profile that the driver makes for it.
        if found and not found.startswith("/snap/"):
            return found
    pytest.skip("needs Chromium or Chrome: install it (Debian: apt install chromium)")


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The SQLAlchemy address of a PostgreSQL database that tests may fill."""
    url = os.environ.get("TRADEBELL_TEST_POSTGRES_URL")
    if not url:
        pytest.skip(
            "needs PostgreSQL: install it and set TRADEBELL_TEST_POSTGRES_URL"
            " (postgresql+asyncpg://user@127.0.0.1/database)"
        )
    return url


@pytest.fixture(scope="session")
def secret_key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture(scope="session")
def own_postgres(postgres_url: str) -> Iterator[str]:
    """The address of a database of our own on that server."""
    name = f"tradebell_{secrets.token_hex(8)}"
    server = make_url(postgres_url)
    apart(execute(postgres_url, f"CREATE DATABASE {name}"))
    # No test cuts the power: no commit has to wait for the disk.
    apart(execute(postgres_url, f"ALTER DATABASE {name} SET synchronous_commit = off"))
    yield server.set(database=name).render_as_string(hide_password=False)
    apart(execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def postgres_without_rows(own_postgres: str) -> str:
    """A database whose tables are empty, or not made yet."""
    apart(empty(own_postgres))
    return own_postgres


@pytest.fixture
def postgres_without_tables(own_postgres: str) -> str:
    apart(execute(own_postgres, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    return own_postgres


@pytest.fixture(scope="session")
def sqlite_without_rows(tmp_path_factory: pytest.TempPathFactory, secret_key: str) -> Path:
    """A database file, to be copied: making the tables takes longer."""
    path = tmp_path_factory.mktemp("sqlite") / "tradebell.db"
    apart(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run([*command, "-d", str(folder)], cwd=ROOT, check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _refuse_skip((yield))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what was skipped by its reasons: a line each, not one for every test."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} skipped: {reason}")


def _refuse_skip(report: Report) -> Report:
    """Turn a skip into a failure where everything has to run, as in CI."""
    refused = os.environ.get("TRADEBELL_TEST_NO_SKIP") == "1"
    if refused and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        match report.longrepr:
            case (path, line, reason):
                report.longrepr = f"{path}:{line}: nothing may skip here: {reason}"
    return report


def _major(node: str) -> int:
    """Give the 20 of the v20.1.2 that `node --version` prints."""
    version = subprocess.check_output([node, "--version"], text=True)
    found = re.match(r"v(\d+)", version)
    return int(found[1]) if found else 0
