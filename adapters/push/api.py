"""Requests to push services."""

import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import ec
from yarl import URL

from adapters.chat.connections import Body, Requests
from adapters.chat.exchange import ApiAnswer
from adapters.push.encryption import SALT, PushKey, encrypted
from bot.domain.ids import Now
from bot.domain.phones import BrowserTarget, NtfyTarget


class NtfyApi:
    """Any ntfy server. Source: https://docs.ntfy.sh/publish/"""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def publish(self, target: NtfyTarget, message: Mapping[str, Any]) -> ApiAnswer:
        """Show a message, or in the place of another one of the same `sequence_id`.

        Raises:
            NoAnswer: no answer came, or not wholly.
        """
        body = Body(json.dumps(message).encode())
        return await self._ask("POST", f"{target.server}/", target, body)

    async def clear(self, target: NtfyTarget, sequence: str) -> ApiAnswer:
        """Take a message from where it shows.

        Raises:
            NoAnswer: no answer came, or not wholly.
        """
        address = f"{target.server}/{target.topic}/{sequence}/clear"
        return await self._ask("PUT", address, target, None)

    async def _ask(self, method: str, url: str, target: NtfyTarget, body: Body | None) -> ApiAnswer:
        headers = {"User-Agent": "Tradebell", **_login(target)}
        return await self._requests.ask(method, url, body, headers=headers)


def _login(target: NtfyTarget) -> Mapping[str, str]:
    """Source: https://docs.ntfy.sh/publish/#authentication"""
    if target.token:
        return {"Authorization": f"Bearer {target.token}"}
    if target.user:
        login = f"{target.user}:{target.password}".encode()
        return {"Authorization": f"Basic {b64encode(login).decode()}"}
    return {}


class PushoverApi:
    """Pushover, for our application. Source: https://pushover.net/api"""

    def __init__(self, requests: Requests, api_url: str, token: str) -> None:
        self._requests = requests
        self._url = f"{api_url}/1"
        self._token = token

    async def send(self, message: Mapping[str, Any]) -> ApiAnswer:
        """
        Raises:
            NoAnswer: no answer came, or not wholly.
        """
        return await self._post("messages.json", message)

    async def receipt(self, receipt: str) -> ApiAnswer:
        """What became of an emergency message.

        Raises:
            NoAnswer: no answer came, or not wholly.
        """
        return await self._get(f"receipts/{receipt}.json")

    async def cancel(self, receipt: str) -> ApiAnswer:
        """Let an emergency message ring no more.

        Raises:
            NoAnswer: no answer came, or not wholly.
        """
        return await self._post(f"receipts/{receipt}/cancel.json", {})

    async def limits(self) -> ApiAnswer:
        """What our application may send; refused if there is none of that token.

        Raises:
            NoAnswer: no answer came, or not wholly.
        """
        return await self._get("apps/limits.json")

    async def _post(self, path: str, said: Mapping[str, Any]) -> ApiAnswer:
        form = urlencode({"token": self._token, **said}).encode()
        body = Body(form, "application/x-www-form-urlencoded")
        return await self._requests.ask("POST", f"{self._url}/{path}", body, headers=_HEADERS)

    async def _get(self, path: str) -> ApiAnswer:
        url = URL(f"{self._url}/{path}").with_query(token=self._token)
        return await self._requests.ask("GET", url, headers=_HEADERS)


_HEADERS = {"User-Agent": "Tradebell"}


class WebPushApi:
    """The push service of any browser. Source: https://www.rfc-editor.org/rfc/rfc8030

    Args:
        contact: an https address of ours, for who runs such a service.
    """

    def __init__(self, requests: Requests, key: PushKey, contact: str, now: Now) -> None:
        self._requests = requests
        self._key = key
        self._contact = contact
        self._now = now

    async def push(
        self, target: BrowserTarget, content: bytes, *, life: int, urgency: str, topic: str = ""
    ) -> ApiAnswer:
        """Have a browser given what it alone can read.

        Args:
            life: seconds for which it is kept for a browser that is away.
            topic: it takes the place of what is kept under the same.

        Raises:
            NoAnswer: no answer came, or not wholly.
            ValueError: the browser's key is none.
        """
        sender = ec.generate_private_key(ec.SECP256R1())
        body = encrypted(content, target, secrets.token_bytes(SALT), sender)
        headers = {
            **_HEADERS,
            "Authorization": self._key.authorization(target.endpoint, self._contact, self._now()),
            "Content-Encoding": "aes128gcm",
            "TTL": str(life),
            "Urgency": urgency,
            **({"Topic": topic} if topic else {}),
        }
        url = URL(target.endpoint, encoded=True)
        octets = Body(body, "application/octet-stream")
        return await self._requests.ask("POST", url, octets, headers=headers)
