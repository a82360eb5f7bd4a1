"""`python -m tests.week`: one week of an account with ten bots, and how often the phone rings."""

from __future__ import annotations

import argparse
import asyncio

from tests.harness.virtual_time import VirtualTimeLoop
from tests.week.run import Week, lived

SEED = 7


def a_week(seed: int = SEED, days: int = 7) -> Week:
    """Live it on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(lived(seed, days))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.week", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help="another week")
    asked = parser.parse_args()
    print(*a_week(asked.seed).lines(), sep="\n")


if __name__ == "__main__":
    main()
