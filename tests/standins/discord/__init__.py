"""A stand-in for Discord: the API over HTTP, the gateway, people, devices and faults.

- `server.DiscordApi`: what a test starts. Addresses, faults (`fail`, `heal`, `down`), rate limits
  (`limit`), the table of routes whose names `fail` and `Call.route` use.
- `world`: people, servers, channels, threads, and the ledger: `world.messages` (the bot's, with
  who could see each, who was pinged, whose device rang, its `pictures` and what a screen reader
  reads of them), `world.calls`, `world.interactions`.
  `person.screen()` is what one device shows. `person.runs(...)`, `.presses(...)`,
  `.selects(...)`, `.submits(...)`, `.types_into_autocomplete(...)` give an `Interaction`, whose
  `answered()`, `followed_up()`, `opened()`, `completed()` are awaited. What Discord's own client
  would not let a person do fails the test.
- `api.clock.advance(minutes=15)` moves the clock by which nonces, tokens, the three seconds for a
  first answer, and rate limits end. Message ids carry its time.
- `gateway.Gateway`: `cut`, `close(code)`, `ask_to_reconnect`, `invalidate`, `forget`, `acks`.
- `api.endpoint`: where interactions are posted instead, once the bot has its application say so;
  `again(posted)` posts something once more, as who has overheard it may do.
- `faults`: what can go wrong with a request.
- `python -m tests.standins.discord`: the same for a test in another process, see `control`.
- `library.pointed(api)`: makes discord.py speak to it.

Not played: voice, forums, polls, webhooks of channels, permissions by role (they are
given to each member), chunks of members, Discord's edit of links into embeds.
"""

from tests.standins.discord.asks import Choice, Interaction
from tests.standins.discord.modals import Modal
from tests.standins.discord.server import TOKEN, DiscordApi
from tests.standins.discord.world import (
    Call,
    Channel,
    Guild,
    Message,
    Permission,
    Person,
    Picture,
    Role,
    World,
)

__all__ = [
    "TOKEN",
    "Call",
    "Channel",
    "Choice",
    "DiscordApi",
    "Guild",
    "Interaction",
    "Message",
    "Modal",
    "Permission",
    "Person",
    "Picture",
    "Role",
    "World",
]
