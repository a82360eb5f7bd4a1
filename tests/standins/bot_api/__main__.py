"""The stand-in as a process of its own: prints its address, then serves until it is ended."""

import argparse
import asyncio
import contextlib

from tests.standins.bot_api.control import install
from tests.standins.bot_api.server import TOKEN, BotApi


async def serve(port: int, token: str) -> None:
    api = BotApi(token, port=port)
    install(api)
    async with api:
        print(api.url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for any that is free")
    parser.add_argument("--token", default=TOKEN)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options.port, options.token))


if __name__ == "__main__":
    main()
