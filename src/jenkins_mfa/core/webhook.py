"""Signed HTTP calls to others, after Standard Webhooks 1.0.0 (symmetric signatures, `v1`).

What is signed is `<id>.<Unix seconds>.<body>`: whoever repeats a call later has no fresh time to sign, and whoever
repeats it at once is known by its id.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"  #: before the secret in base64
SIZES = range(24, 65)  #: bytes that a secret may have


def secret_of(text: str) -> bytes:
    """The secret in `whsec_<base64>`. Raises ValueError for anything else, without repeating it."""
    try:
        found = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not text.startswith(PREFIX) or len(found) not in SIZES:
        raise ValueError(f"it must be {PREFIX} and {SIZES[0]} to {SIZES[-1]} bytes in base64")
    return found


def headers(secret: bytes, message: str, at: int, body: bytes) -> dict[str, str]:
    """The headers of a call: its id (which has no full stop), the moment in Unix seconds, and what proves both."""
    if "." in message:
        raise ValueError("a full stop in an id would move the border between it and the time")
    signature = hmac.digest(secret, b"%s.%d.%s" % (message.encode(), at, body), hashlib.sha256)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
