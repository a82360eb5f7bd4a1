"""The product as it is, in a process whose clock is wrong: `skewed SECONDS`."""

import argparse
from datetime import datetime, timedelta
from functools import partial

from bot.app import sources
from bot.app.process import logging_as, until_signalled
from bot.app.running import run
from bot.settings import read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=int)
    skew = timedelta(seconds=parser.parse_args().seconds)

    def now() -> datetime:
        return sources.now() + skew

    settings = read()
    logging_as(settings)
    until_signalled(partial(run, settings, now=now))


if __name__ == "__main__":
    main()
