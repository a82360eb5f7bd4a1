"""The composition root: the only place that knows the concrete classes."""

from bot.app.demo import Show, demo
from bot.app.operating import Finding, check, migrate, rotate
from bot.app.process import logging_as, spare_what_lasts, supervised, until_signalled
from bot.app.running import run

__all__ = [
    "Finding",
    "Show",
    "check",
    "demo",
    "logging_as",
    "migrate",
    "rotate",
    "run",
    "spare_what_lasts",
    "supervised",
    "until_signalled",
]
