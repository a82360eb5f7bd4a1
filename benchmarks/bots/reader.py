"""Reads frames and does nothing with them: the least that any client of this server pays."""

import asyncio
import sys

import aiohttp

from benchmarks.bots.vitals import VITALS
from benchmarks.children import answer
from benchmarks.people import token, users

NAME = "reader"


async def read(wire: aiohttp.ClientWebSocketResponse) -> None:
    await wire.send_str("40")
    while True:
        message = await wire.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            return
        if message.data == "2":
            await wire.send_str("3")


async def main(platform: str) -> None:
    (user,) = users(NAME, 1)
    headers = {"Authorization": f"Bearer {token(user)}"}
    address = f"{platform}/socket.io/?EIO=4&transport=websocket"
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(address, headers=headers) as wire,
        asyncio.TaskGroup() as group,
    ):
        reading = group.create_task(read(wire))
        await answer(VITALS)
        reading.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
