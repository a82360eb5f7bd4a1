"""The many push services that the library Apprise speaks to, in threads that may do little else.

It says only whether it worked, follows what a person has typed, and brings plugins that read files
and start programs. So each thread that runs one is guarded, by what Python itself reports of it:
see `_Guard`.
"""

import asyncio
import ipaddress
import logging
import ssl
import sys
import sysconfig
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from adapters.push.render import lock_screen_words
from bot.domain.cards import Card
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import (
    ONE_MARKED_REPEAT,
    Attempt,
    Declined,
    Gone,
    Postponed,
    Scope,
    Sent,
    Unknown,
)
from bot.domain.ids import AccountId, Now
from bot.domain.phones import AppriseTarget, Service
from bot.domain.reasons import Reason
from bot.ports import ButtonAddresses, PhoneTargets

log = logging.getLogger(__name__)

THREADS = 4
"""So many messages at once, of each account one: a thread for each."""

MOST_LATE = 4
"""So many threads that are past `LIMIT` keep no others waiting."""

LIMIT = 15.0
"""Seconds for one message, all that the plugin does for it included."""

SOCKET_LIMIT = 5.0
"""Seconds for each connection and each read, whatever the address asks for: a server that answers
a byte at a time holds a thread much longer.
"""

Allows = Callable[[str], bool]
"""Whether a numeric address may be connected to."""


class AppriseMessenger:
    """Implements `ports.Messenger` for whatever services the operator allows.

    Args:
        schemes: of addresses that may be used.
        allows: `None` for any address.
    """

    channel = Channel.PUSH
    bot = Service.APPRISE.value
    repeats = ONE_MARKED_REPEAT

    def __init__(
        self,
        schemes: frozenset[str],
        allows: Allows | None,
        targets: PhoneTargets,
        now: Now,
        addresses: ButtonAddresses,
    ) -> None:
        self._schemes = schemes
        self._allows = allows
        self._targets = targets
        self._now = now
        self._addresses = addresses
        self._since: dict[AccountId, float] = {}
        """When the message began that is under way for an account, by the loop's clock."""

    async def send(
        self,
        address: Address,
        card: Card,
        tried_since: datetime | None = None,
        replies_to: str | None = None,
    ) -> Attempt:
        """Show a card; where it failed, nobody knows how far it came."""
        found = await self._targets.target(address)
        if found is None or not isinstance(found.target, AppriseTarget):
            return Gone(reason=Reason.PHONE_REMOVED)
        if found.target.scheme not in self._schemes:
            return Gone(reason=Reason.SERVICE_NOT_ALLOWED)
        if not self._has_room(found.account):
            return Postponed(reason=Reason.SLOW_DOWN, tried=False)
        words = lock_screen_words(
            card,
            self._now(),
            details=found.details,
            repeat=tried_since is not None and not found.details,
            address_of=self._addresses.of,
        )
        notify = partial(_notify, found.target.url, *words, self._allows)
        return await self._tried(found.account, notify)

    async def amend(self, address: Address, message: str, card: Card) -> Attempt:
        return Declined(reason=Reason.MESSAGE_GONE)

    def _has_room(self, account: AccountId) -> bool:
        now = asyncio.get_running_loop().time()
        late = sum(now - since >= LIMIT for since in self._since.values())
        return account not in self._since and len(self._since) - min(late, MOST_LATE) < THREADS

    async def _tried(self, account: AccountId, notify: Callable[[], Attempt]) -> Attempt:
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[Attempt] = loop.create_future()

        def run() -> None:
            attempt: Attempt = Unknown(reason=Reason.FAILED_SOMEHOW)
            try:
                attempt = notify()
            finally:
                with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    loop.call_soon_threadsafe(self._end, account, outcome, attempt)

        # A daemon: the process ends without waiting for a server.
        threading.Thread(target=run, name="apprise", daemon=True).start()
        self._since[account] = loop.time()
        try:
            async with asyncio.timeout(LIMIT):
                return await outcome
        except TimeoutError:
            return Unknown(reason=Reason.NO_ANSWER_IN_TIME)

    def _end(
        self, account: AccountId, outcome: "asyncio.Future[Attempt]", attempt: Attempt
    ) -> None:
        del self._since[account]
        if not outcome.done():
            outcome.set_result(attempt)


def _notify(url: str, title: str, body: str, allows: Allows | None) -> Attempt:
    """In a thread of ours: one message, by a plugin that knows nothing of any other."""
    try:
        asset = _asset()
    except Exception as failure:  # noqa: BLE001 - whatever keeps a library from being loaded
        log.error("Apprise cannot be used", extra={"kind": type(failure).__name__})
        return Postponed(reason=Reason.NOT_TRIED, scope=Scope.CHANNEL)
    with _GUARD.around(allows) as guarded:
        try:
            worked = _worked(url, title, body, asset)
        except Exception as failure:  # noqa: BLE001 - a plugin may raise anything
            log.warning("a plugin of Apprise failed", extra={"kind": type(failure).__name__})
            worked = False
        if worked is None:
            return Gone(reason=Reason.NO_SERVICE)
        if worked:
            return Sent(message="")
        if guarded.connects:
            return Unknown(reason=Reason.FAILED_SOMEHOW)
        if guarded.refused:
            return Gone(reason=Reason.HOST_FORBIDDEN)
        return Postponed(reason=Reason.NO_CONNECTION, scope=Scope.ENDPOINT, counts=True)


def _worked(url: str, title: str, body: str, asset: Any) -> bool | None:
    """`None` if no service is known by that address."""
    from apprise import Apprise

    plugin = Apprise.instantiate(url, asset=asset)
    if plugin is None:
        return None
    # Whatever the address asks for.
    plugin.redirects, plugin.verify_certificate = False, True
    plugin.socket_connect_timeout = plugin.socket_read_timeout = SOCKET_LIMIT
    return bool(plugin.notify(body=body, title=title))


@cache
def _asset() -> Any:
    """What all plugins are given: no redirects, nothing kept on disk, no addresses in logs. They
    are loaded with it: no guard is around that yet.
    """
    from apprise import Apprise, AppriseAsset

    for name in ("apprise", "requests", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    asset = AppriseAsset(storage_mode="memory", secure_logging=True)
    asset.http_redirects = False
    Apprise.instantiate("json://localhost", asset=asset)
    return asset


# --- the guard --------------------------------------------------------------------------------


class _Guarded(threading.local):
    """What the thread may do, and what it has tried; outside of the guard anything."""

    on = False
    allows: Allows | None = None
    refused = False
    """A connection was."""
    connects = False
    """One was tried that may be: from here on nobody knows what was sent."""


class _Guard:
    """Refuses what a plugin must not do, in the threads that it is around, and nowhere else.

    Python reports what is done, right before it is, to a hook that may refuse it; a hook cannot be
    taken away again. Refused are connections to addresses that are not allowed, whatever name they
    came by and however often it is resolved; local sockets; files, but those of Python and of
    certificates, for reading; programs; and, as Python reports that from 3.12 on, threads of a
    plugin's own, which would not be guarded (`settings` refuses the plugins that start some).

    Source: https://docs.python.org/3/library/audit_events.html
    """

    def __init__(self) -> None:
        self._thread = _Guarded()
        self._lock = threading.Lock()
        self._hooked = False

    def around(self, allows: Allows | None) -> "_Around":
        with self._lock:
            if not self._hooked:
                sys.addaudithook(self._hear)
                self._hooked = True
        return _Around(self._thread, allows)

    def _hear(self, event: str, given: tuple[Any, ...]) -> None:
        if not self._thread.on:
            return
        match event:
            case "socket.connect" | "socket.sendto" | "socket.sendmsg":
                refused = not self._may_connect(given[1])
                self._thread.refused = self._thread.refused or refused
            case "open":
                refused = not _may_read(given[0], given[1], given[2])
            case _:
                refused = event in _NEVER or event.startswith(_NEVER_OF)
        if refused:
            raise PermissionError(f"not for a plugin: {event}")

    def _may_connect(self, address: Any) -> bool:
        if not isinstance(address, tuple):
            return False  # a socket of this machine
        host = str(address[0])
        try:
            ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False  # a name: it must be resolved before anybody can say
        may = self._thread.allows is None or self._thread.allows(host)
        self._thread.connects = self._thread.connects or may
        return may


class _Around:
    def __init__(self, thread: _Guarded, allows: Allows | None) -> None:
        self._thread = thread
        self._allows = allows

    def __enter__(self) -> _Guarded:
        thread = self._thread
        thread.on, thread.allows = True, self._allows
        thread.refused = thread.connects = False
        return thread

    def __exit__(self, *_: object) -> None:
        self._thread.on = False


_GUARD = _Guard()

_NEVER = frozenset(
    {
        *("_thread.start_new_thread", "os.exec", "os.fork", "os.forkpty", "os.kill", "os.system"),
        *(
            "os.posix_spawn",
            "os.spawn",
            "pty.spawn",
            "socket.bind",
            "subprocess.Popen",
            "os.remove",
        ),
        *("os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.link", "os.symlink"),
        *("os.truncate", "os.putenv", "os.unsetenv", "ctypes.dlopen", "sqlite3.connect"),
    }
)
_NEVER_OF = ("shutil.", "ftplib.", "telnetlib.", "winreg.")

_WRITES = set("wax+")


@cache
def _readable() -> tuple[Path, ...]:
    certificates = ssl.get_default_verify_paths()
    places = {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix}
    places |= {certificates.openssl_capath, certificates.openssl_cafile}
    found = [Path(one).resolve() for one in places if one]
    return (*found, *map(Path, ("/usr/lib", "/usr/share", "/etc/ssl", "/etc/mime.types")))


def _may_read(path: Any, mode: Any, flags: Any) -> bool:
    """Args: as Python reports the opening of a file; `mode` is `None` where the system is asked."""
    if isinstance(path, int):
        return False
    if isinstance(mode, str) and _WRITES & set(mode):
        return False
    if mode is None and isinstance(flags, int) and flags & 0b11:
        return False
    asked = Path(path.decode() if isinstance(path, bytes) else str(path)).resolve()
    return any(asked.is_relative_to(place) for place in _readable())
