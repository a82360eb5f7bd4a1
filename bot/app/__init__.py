"""The composition root: the only place that knows the concrete classes."""

from bot.app.checking import Finding, check, rotate
from bot.app.demo import Show, demo
from bot.app.process import logging_as, supervised, until_signalled
from bot.app.running import run
from storage import migrate

__all__ = [
    "Finding",
    "Show",
    "check",
    "demo",
    "logging_as",
    "migrate",
    "rotate",
    "run",
    "supervised",
    "until_signalled",
]
