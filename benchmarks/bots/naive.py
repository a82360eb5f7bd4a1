"""The bot that anybody would write: both libraries as they come, no store, no care."""

import asyncio
import sys
from decimal import Decimal
from typing import Any

import socketio
from telegram import Bot

from benchmarks.bots.vitals import VITALS
from benchmarks.children import answer
from benchmarks.people import chat_of, token, users

NAME = "naive"
TOKEN = "2222222222:AANaiveNaiveNaiveNaiveNaiveNaiveNai"


def text(trade: dict[str, Any]) -> str:
    """Say what Tradebell says of it."""
    amount, price = Decimal(str(trade["amount"])), Decimal(str(trade["price"]))
    base, _, quote = trade["symbol"].partition("/")
    return (
        f"Bought {amount:,} {base} at {price:,} {quote}\n"
        f"Bot: Trader 1\n"
        f"Value: {amount * price:,} {quote}"
    )


async def follow(platform: str, user: str, bot: Bot) -> socketio.AsyncClient:
    """Tell a user's trades in the user's chat."""
    client = socketio.AsyncClient()

    async def tell(trade: dict[str, Any]) -> None:
        await bot.send_message(chat_of(user), text(trade))

    client.on("trades created", tell)
    headers = {"Authorization": f"Bearer {token(user)}"}
    await client.connect(platform, headers=headers, transports=["websocket"])
    return client


async def main(platform: str, bot_api: str, count: int) -> None:
    clients: list[socketio.AsyncClient] = []

    async def connect(bot: Bot) -> None:
        for user in users(NAME, count):
            clients.append(await follow(platform, user, bot))

    async with Bot(TOKEN, base_url=f"{bot_api}/bot") as bot, asyncio.TaskGroup() as group:
        connecting = group.create_task(connect(bot))
        await answer(VITALS)
        connecting.cancel()
        for client in clients:
            await client.disconnect()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
