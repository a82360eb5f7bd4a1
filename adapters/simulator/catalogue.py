"""The platform's services: who may call what, and what a new record starts with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from adapters.simulator.refusals import SimulatedRefusal

READ = frozenset({"find", "get"})
WRITE = frozenset({"create", "patch", "remove"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What clients may do with one service.

    `reads` and `writes` are the scopes that an API key needs; `None` means that no
    scope covers it, so that a key with scopes is refused.
    """

    methods: frozenset[str]
    reads: str | None = None
    writes: str | None = None

    def scope(self, method: str) -> str | None:
        return self.reads if method in READ else self.writes


_TRADERS = {"reads": "read:traders", "writes": "write:traders"}

SERVICES: Mapping[str, Service] = {
    "authentication": Service(methods=frozenset({"create", "remove"})),
    "users": Service(methods=READ),
    "keys": Service(methods=READ | {"create", "remove"}),
    "traders": Service(methods=READ | WRITE, **_TRADERS),
    "traders/pods": Service(methods=frozenset({"create"}), **_TRADERS),
    "traders/pods/events": Service(methods=READ, **_TRADERS),
    "strategies": Service(methods=READ | WRITE, reads="read:strategies", writes="write:strategies"),
    "exchanges": Service(methods=READ | WRITE, reads="read:exchanges", writes="write:exchanges"),
    "exchanges/ticker": Service(methods=frozenset()),
    "trades": Service(methods=READ, reads="read:portfolio"),
    "models/signals": Service(methods=READ, reads="read:models"),
    "messages": Service(methods=READ | {"patch"}),
    "events": Service(methods=READ),
}
"""Source: https://cryptorobot.ai/docs/guides/realtime for the paths,
https://cryptorobot.ai/docs/guides/api-keys for the scopes."""


def defaults(service: str, number: int, chance: Random) -> dict[str, Any]:
    """Give what a new record of a service has before anything is set.

    Args:
        number: how many records of this kind the owner will have.
    """
    match service:
        case "traders":
            return _trader(number, chance)
        case "strategies":
            return {"name": f"Strategy {number}", "configured": False}
        case "exchanges":
            return {"connected": False, "whitelist": [], "blacklist": []}
        case _:
            return {}


def _trader(number: int, chance: Random) -> dict[str, Any]:
    """Give a new trader, with the secrets that the platform's answers really carry.

    Source: https://cryptorobot.ai/docs/guides/traders
    """
    return {
        "name": f"Trader {number}",
        "dry_run": True,
        "dry_run_wallet": 10000,
        "stake_currency": "USDT",
        "stake_amount": "unlimited",
        "fiat_display_currency": "USD",
        "cancel_open_orders_on_exit": True,
        "unfilledtimeout": {"entry": 10, "exit": 10},
        "stressShield": {"enabled": True},
        "webhook": {
            "enabled": True,
            "format": "json",
            "url": f"https://pods.example/hook/{chance.getrandbits(128):032x}",
        },
        "api_server": {
            "enabled": True,
            "listen_ip_address": "0.0.0.0",
            "listen_port": 8080,
            "verbosity": "error",
            "jwt_secret_key": f"{chance.getrandbits(128):032x}",
            "username": "pod",
            "password": f"{chance.getrandbits(64):016x}",
        },
        "running": False,
        "status": "stopped",
    }


def started_or_stopped(trader: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Give `changes` with what starting or stopping a trader entails.

    Raises:
        SimulatedRefusal: 422, it lacks what it needs to start.
    """
    if not isinstance(changes.get("running"), bool):
        return dict(changes)
    if not changes["running"]:
        return {**changes, "status": "stopped"}
    wanted = {**trader, **changes}
    missing = [name for name in ("exchangeId", "strategyId") if not wanted.get(name)]
    if missing:
        raise SimulatedRefusal(
            422,
            "Trader is not configured",
            errors={name: f"{name} is required" for name in missing},
        )
    return {**changes, "status": "running"}


def status_event(trader: Mapping[str, Any]) -> dict[str, Any]:
    """Give the pod's report of a start or a stop."""
    return {
        "type": "status_changed",
        "podId": f"pod-{trader['_id']}",
        "traderId": trader["_id"],
        "message": "Bot started" if trader["running"] else "Bot stopped",
    }
