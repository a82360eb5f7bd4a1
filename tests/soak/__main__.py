"""`python -m tests.soak`: run one soak and say what came of it; exit 1 if a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import logging
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from tests.harness.databases import apart, execute
from tests.harness.virtual_time import VirtualTimeLoop
from tests.soak.report import Report
from tests.soak.run import Plan, Soak
from tests.soak.typing import typed


def soaked(plan: Plan) -> Report:
    """Run it on a loop of its own."""

    async def run() -> Report:
        return await Soak(plan).run()

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(run())


@contextmanager
def database_of_our_own(wanted: str) -> Iterator[str]:
    """An empty database that is gone afterwards: a file, or one on the PostgreSQL server there."""
    if wanted == "sqlite":
        with TemporaryDirectory(prefix="tradebell-soak-") as folder:
            yield f"sqlite:///{Path(folder) / 'tradebell.db'}"
        return
    name = f"tradebell_soak_{secrets.token_hex(8)}"
    apart(execute(wanted, f"CREATE DATABASE {name}"))
    try:
        yield make_url(wanted).set(database=name).render_as_string(hide_password=False)
    finally:
        apart(execute(wanted, f"DROP DATABASE {name} WITH (FORCE)"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="what to repeat")
    parser.add_argument("--events", type=int, default=3000, help="how many things happen")
    parser.add_argument(
        "--database",
        default="sqlite",
        help="`sqlite`, or a PostgreSQL address on whose server a database may be made",
    )
    asked = parser.parse_args()
    kind = "sqlite" if asked.database == "sqlite" else "postgresql"
    logging.disable()  # all that is logged here is meant to go wrong
    print(f"seed {asked.seed}, {asked.events} events, {kind}", flush=True)
    began = time.monotonic()
    with database_of_our_own(asked.database) as url:
        report = soaked(Plan(seed=asked.seed, events=asked.events, url=url))
    print("", *report.lines(), "", sep="\n")
    wrong = [f"rubbish: {one}" for one in typed(asked.seed)]
    for finding in (*report.broken, *wrong):
        print(finding)
    broken = len(report.broken) + len(wrong)
    print(f"broken promises: {broken}" if broken else "every promise kept")
    print(f"{time.monotonic() - began:.0f} seconds", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
