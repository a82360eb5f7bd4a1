"""`python -m benchmarks [latency|burst|ticker|idle|first|ledger]`: one line of figures each."""

import argparse
import asyncio
import os
import platform
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import burst, first, idle, latency, ledger, ticker
from benchmarks.figures import Report, median, table
from benchmarks.world import ON_DISK

BENCHMARKS: Mapping[str, Callable[..., Awaitable[Report]]] = {
    "latency": latency.measure,
    "burst": burst.measure,
    "ticker": ticker.measure,
    "idle": idle.measure,
    "first": first.measure,
    "ledger": ledger.measure,
}


async def run(
    names: list[str], *, markdown: bool, profile: bool, beside: Path | None = None
) -> None:
    options: dict[str, Any] = {"profile": True} if profile else {}
    if beside is not None:
        options["beside"] = beside
    reports = []
    for name in names:
        report = await BENCHMARKS[name](**options)
        reports.append(report)
        if not markdown:
            print(report.line, flush=True)
    if markdown:
        print(f"{table(reports)}\n\n{machine()}")


def machine() -> str:
    """What all figures depend on."""
    return (
        f"Python {platform.python_version()} on {os.cpu_count()} cores ({_processor()});"
        f" a disk flush takes {_flush() * 1000:.2f} ms. Bots and stand-ins share the cores."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _flush() -> float:
    """Seconds until a page is safe on the disk that the store is on."""
    times = []
    with tempfile.TemporaryFile(dir=ON_DISK, buffering=0) as file:
        for _ in range(100):
            file.write(bytes(4096))
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - begun)
    return median(times)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--markdown", action="store_true", help="print a table instead of lines")
    parser.add_argument(
        "--profile",
        action="store_true",
        help="say on stderr where Tradebell's time goes; the figures then mean little",
    )
    parser.add_argument(
        "--beside",
        type=Path,
        metavar="CHECKOUT",
        help="measure the Tradebell of another checkout in the same turns: of latency only",
    )
    given = parser.parse_args()
    names = given.names or list(BENCHMARKS)
    if unknown := set(names) - BENCHMARKS.keys():
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    for name in ("idle", "first", "ledger"):
        if given.profile and name in names:
            parser.error(f"{name} has nothing to profile")
    if given.beside and names != ["latency"]:
        parser.error("--beside goes with latency alone")
    if given.beside and not (given.beside / "benchmarks").is_dir():
        parser.error(f"{given.beside} is no checkout of Tradebell")
    asyncio.run(run(names, markdown=given.markdown, profile=given.profile, beside=given.beside))


if __name__ == "__main__":
    main()
