"""What a browser alone can read, and the signature by which its push service knows who sends it.

`cryptography` does the arithmetic, which we need for stored secrets anyway: what the two RFCs add
is so little that a library for it would be one more to trust.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.domain.phones import BrowserTarget

BODY_LIMIT = 4096
"""Bytes that every push service takes. Source: https://www.rfc-editor.org/rfc/rfc8030#section-7.2"""

SALT = 16
_POINT = 65
PLAIN_LIMIT = BODY_LIMIT - SALT - 4 - 1 - _POINT - 1 - 16
"""Bytes: what is left after the salt, the record's size, a key and its length, the end, the tag.

Source: https://www.rfc-editor.org/rfc/rfc8188#section-2.1
"""

TOKEN_LIFE = timedelta(hours=12)
"""At most a day. Source: https://www.rfc-editor.org/rfc/rfc8292#section-2"""


def encrypted(
    plain: bytes, target: BrowserTarget, salt: bytes, sender: ec.EllipticCurvePrivateKey
) -> bytes:
    """One record of `aes128gcm`.

    Args:
        salt: 16 random bytes, and `sender` a key, both for this message only.

    Raises:
        ValueError: the browser's key is none.

    Source: https://www.rfc-editor.org/rfc/rfc8291#section-3.4
    """
    receiver_point, ours = decoded(target.p256dh), _point(sender.public_key())
    receiver = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), receiver_point)
    shared = sender.exchange(ec.ECDH(), receiver)
    secret = _derived(shared, decoded(target.auth), b"WebPush: info\0" + receiver_point + ours, 32)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    last = b"\x02"
    header = salt + struct.pack("!IB", BODY_LIMIT, len(ours)) + ours
    return header + AESGCM(key).encrypt(nonce, plain + last, None)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)


class PushKey:
    """What signs all our pushes: a browser subscribes to its holder alone.

    Source: https://www.rfc-editor.org/rfc/rfc8292

    Args:
        private: as `new_private_key` gives it.
    """

    def __init__(self, private: str) -> None:
        self._key = ec.derive_private_key(int(private, 16), ec.SECP256R1())
        self.public = encoded(_point(self._key.public_key()))

    def authorization(self, endpoint: str, contact: str, now: datetime) -> str:
        """For the push service of an address.

        Args:
            contact: an address of ours, for who runs it.
        """
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((now + TOKEN_LIFE).timestamp()),
            "sub": contact,
        }
        return f"vapid t={jwt.encode(claims, self._key, algorithm='ES256')}, k={self.public}"


def new_private_key() -> str:
    return f"{ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value:064x}"


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """
    Raises:
        ValueError: it is no such text.
    """
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
