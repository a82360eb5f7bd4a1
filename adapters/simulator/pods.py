"""What the pods of running traders are told and answer, as freqtrade does.

That they are commanded by `create` of `traders/pods` is our assumption (`platform.md` 2.6).
Source of the answers: freqtrade's rpc/api_server/api_schemas.py.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.simulator.refusals import SimulatedRefusal

Record = Mapping[str, Any]

_WHITELIST = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
_BLACKLIST = ("BNB/.*", ".*UP/USDT")


@dataclass(slots=True)
class SimulatedPods:
    """
    Attributes:
        held: gives the open trades of a trader.
        sell: closes a trade of a trader, or so much of it; `None` for the whole.
    """

    now: Callable[[], datetime]
    held: Callable[[str], Sequence[Record]] = lambda trader: ()
    sell: Callable[[str, str, float | None], None] = lambda trader, trade, amount: None
    paused: set[str] = field(default_factory=set)
    """Those that open no new trades."""
    told: defaultdict[str, deque[str]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=100))
    )
    """What each was told."""

    def answer(self, trader: Record, command: str, params: Record) -> Any:
        """
        Raises:
            SimulatedRefusal: 404 for what it does not know; 502, as a pod says no.
        """
        answers: Mapping[str, Callable[[str, Record], Any]] = {
            "status": lambda id, _: list(self.held(id)),
            "count": lambda id, _: {"current": len(self.held(id)), "max": 3, "total_stake": 0.0},
            "show_config": self._config,
            "balance": self._balance,
            "whitelist": lambda *_: _pairs("whitelist", _WHITELIST),
            "blacklist": lambda *_: _pairs("blacklist", _BLACKLIST),
            "locks": lambda *_: {"lock_count": 0, "locks": []},
            "logs": self._logs,
            "health": self._health,
            "stopbuy": self._stop,
            "reload_config": self._reload,
            "forceexit": self._exit,
        }
        if command not in answers:
            raise SimulatedRefusal(404, f"Command '{command}' not found")
        if not trader["running"]:
            raise _no(command, "trader is not running")
        self.told[trader["_id"]].append(command)
        return answers[command](trader["_id"], params)

    def _config(self, trader: str, _: Record) -> Record:
        return {"state": "paused" if trader in self.paused else "running", "max_open_trades": 3}

    def _balance(self, trader: str, _: Record) -> Record:
        usdt = {"currency": "USDT", "free": 9500.0, "balance": 9500.0, "used": 0.0, "stake": "USDT"}
        held = [
            {"currency": one["base_currency"], "free": one["amount"], "balance": one["amount"]}
            for one in self.held(trader)
        ]
        return {"currencies": [usdt, *held], "total": 10000.0, "stake": "USDT", "note": ""}

    def _logs(self, trader: str, params: Record) -> Record:
        now = self.now()
        words = [f"Told to {one}" for one in self.told[trader]][-int(params.get("limit", 50)) :]
        lines = [
            [f"{now:%Y-%m-%d %H:%M:%S}", now.timestamp() * 1000, "freqtrade.worker", "INFO", one]
            for one in words
        ]
        return {"log_count": len(lines), "logs": lines}

    def _health(self, *_: object) -> Record:
        at = int(self.now().timestamp())
        return {"last_process_ts": at - 2, "bot_start_ts": at - 3600}

    def _stop(self, trader: str, _: Record) -> Record:
        self.paused.add(trader)
        return {"status": "No more entries will occur from now. Run /reload_config to reset."}

    def _reload(self, trader: str, _: Record) -> Record:
        self.paused.discard(trader)
        return {"status": "Reloading config ..."}

    def _exit(self, trader: str, params: Record) -> Record:
        number, amount = str(params.get("tradeid", "")), params.get("amount")
        if number not in {str(one["trade_id"]) for one in self.held(trader)}:
            raise _no("forceexit", "invalid argument")
        self.sell(trader, number, None if amount is None else float(amount))
        return {"result": f"Created exit order for trade {number}."}


def _pairs(name: str, pairs: Sequence[str]) -> Record:
    return {name: [*pairs], "length": len(pairs), "method": ["StaticPairList"]}


def _no(command: str, reason: str) -> SimulatedRefusal:
    return SimulatedRefusal(502, f"Error querying /api/v1/{command}: {reason}")
