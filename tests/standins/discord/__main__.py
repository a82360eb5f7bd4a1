"""The stand-in as a process of its own: prints its addresses, then serves until it is ended."""

import argparse
import asyncio
import contextlib

from tests.standins.discord.control import install
from tests.standins.discord.server import TOKEN, DiscordApi


async def serve(port: int, token: str) -> None:
    api = DiscordApi(token, port=port)
    install(api)
    async with api:
        print(api.url, api.gateway_url, flush=True)
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
