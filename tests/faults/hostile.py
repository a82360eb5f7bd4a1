"""Records of the platform whose authors mean harm."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

from adapters.cryptorobot.decode import stored, trader
from bot.domain.events import Event, Stream, Trader, Unreadable

HOSTILE = {
    "mentions": "@everyone @here @channel <@1> <@&2>",
    "html": '<b>x</b><a href="tg://user?id=1">y</a><script>alert(1)</script>',
    "markdown": "**x** __y__ `z` [pay](http://evil.example) ||spoiler|| \\",
    "right to left": "\u202eUSDT\u202c \u2066left\u2069 \u200b\u200d\ufeff\u061c",
    "lines": "Balance\nref AAAAAA\r\n\u2028possible repeat of BBBBBB\u2029",
    "controls": "\x00\x07\x1b[31mred\x1b[0m\x7f\x9b",
    "surrogate": "half \ud83e of an owl",
    "marks": "Z" + "\u0300" * 5000,
    "ten megabytes": "A" * 10_000_000,
}
"""What a bot's name, a symbol or a message may hold, if its author means harm."""


def hostile_bot(text: str, id: str = "owl") -> Trader:
    found = trader({"_id": id, "name": text, "running": True, "status": text})
    assert isinstance(found, Trader)
    return found


def hostile_events(text: str, at: datetime, bot: str = "owl") -> list[Event]:
    """The same text in every field in which the platform lets somebody write one."""
    said = {"title": text, "message": text, "level": text}
    records: dict[Stream, dict[str, Any]] = {
        Stream.TRADES: {"side": text, "symbol": text, "exit_reason": text, "amount": 1},
        Stream.SIGNALS: {"type": text, "pair": text, "model": text},
        Stream.POD_EVENTS: {"type": text, "message": text},
        Stream.MESSAGES: said,
        Stream.SYSTEM_EVENTS: said,
    }
    events = []
    for number, (stream, record) in enumerate(records.items()):
        whole = {"_id": f"{bot}-{number}", "createdAt": at.isoformat(), "traderId": bot}
        event = stored(stream, {**whole, **record}, at)
        assert not isinstance(event, Unreadable)
        events.append(event)
    return events


def hidden_in(text: str) -> list[str]:
    """Controls, direction marks and other characters that nobody sees."""
    unseen = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return [c for c in text if c != "\n" and unicodedata.category(c) in unseen]
