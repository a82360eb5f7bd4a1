"""Who asks, and whether a request comes from our own page: pure decisions on its headers."""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from adapters.web.settings import Network
from bot.domain.hosts import is_loopback

_STRICT = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)

PAGE_POLICY = f"{_STRICT}; img-src 'self'"
"""What a page without scripts may load."""

SCRIPT_POLICY = (
    f"{_STRICT}; img-src 'self' data:; script-src 'self'; connect-src 'self';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
"""What the chat page may load; the pictures of its messages are in their addresses. Its last part
makes the browser itself refuse every text that a script would turn into markup.

Source: https://www.w3.org/TR/trusted-types/
"""

INBOX_POLICY = (
    f"{_STRICT}; img-src 'self' data:; script-src 'self'; connect-src 'self'; manifest-src 'self';"
    " require-trusted-types-for 'script'; trusted-types worker"
)
"""The same, and what an app needs: its manifest, and the script that runs in the background, whose
address is the only one that its policy gives.
"""

WORKER_POLICY = "default-src 'none'; connect-src 'self'; img-src 'self'"
"""Of the script in the background: what it shows has an icon."""


def policy_with(script: str) -> str:
    """What a page may load whose only script is that one, which stands in it.

    Source: https://www.w3.org/TR/CSP3/, section 2.3.1
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"{PAGE_POLICY}; script-src 'sha256-{digest}'"


_SECRET = re.compile(r"[A-Za-z0-9_-]{22,64}")


def security_headers(https: bool) -> dict[str, str]:
    """What every answer carries, unless it says otherwise itself.

    Source: `Session_Management`, `HTTP_Headers` cheat sheets of OWASP.
    """
    headers = {
        "Content-Security-Policy": PAGE_POLICY,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "X-Robots-Tag": "noindex, nofollow",
    }
    if https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def well_formed(secret: str | None) -> str | None:
    """The value of a cookie, if it is one that we could have made."""
    return secret if secret and _SECRET.fullmatch(secret) else None


def cookie_name(name: str, https: bool) -> str:
    """The prefix makes browsers refuse a cookie that another host or plain http sets.

    Source: https://www.rfc-editor.org/rfc/rfc6265bis, section 4.1.3.2
    """
    return f"__Host-{name}" if https else name


def csrf_token(cookie: str, code: str) -> str:
    """The hidden field of the form for `code`, in the browser that holds `cookie`.

    The cookie is the secret half of a synchroniser token: random, readable by no script, sent by
    no foreign page. Deriving the field from it keeps nothing on the server, so that any of
    several processes can check it.
    """
    return hmac.new(cookie.encode(), f"link:{code}".encode(), hashlib.sha256).hexdigest()


def csrf_matches(cookie: str, code: str, token: str) -> bool:
    return hmac.compare_digest(csrf_token(cookie, code).encode(), token.encode())


def foreign(headers: Mapping[str, str], public_url: str) -> str | None:
    """Why a request that changes something comes from another site's page, or `None`.

    Browsers send both headers by themselves, and no script can forge them. `Origin: null` says
    nothing: our own `Referrer-Policy: no-referrer` makes it of every origin.

    Source: https://fetch.spec.whatwg.org/#append-a-request-origin-header
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return f"Sec-Fetch-Site is {site[:20]}"
    origin = headers.get("Origin")
    if origin not in (None, "null") and not own_origin(
        origin or "", headers.get("Host", ""), public_url
    ):
        return "Origin is another site"
    return None


def own_origin(origin: str, host: str, public_url: str) -> bool:
    """Whether `origin` is ours: the public one, or this machine's own name for us.

    A page that rebinds its name to 127.0.0.1 sends that name as `Host`, so it is refused.
    """
    if origin == public_url:
        return True
    return own_host(host, public_url) and origin == f"http://{host}"


def own_host(host: str, public_url: str) -> bool:
    """Whether a `Host` header names us publicly, or this machine."""
    if host == urlsplit(public_url).netloc:
        return True
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Collection[Network]) -> str:
    """The address that a request really comes from.

    Read from the right, each proxy vouches for the one before it; the first that is not ours is
    the client. What stands left of it is the client's own invention.

    Args:
        forwarded_for: the values of all `X-Forwarded-For` headers, in order.
    """
    hops = [hop.strip() for value in forwarded_for for hop in value.split(",")]
    client = _address(peer)
    while client is not None and hops and any(client in network for network in trusted):
        before = _address(hops.pop())
        if before is None:
            break
        client = before
    return str(client) if client is not None else peer


def _address(text: str) -> IPv4Address | IPv6Address | None:
    bare = re.sub(r"^(\d+\.\d+\.\d+\.\d+):\d+$|^\[(.+)\](?::\d+)?$", r"\1\2", text)
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
