"""Base64url without padding (RFC 4648, 5), one spelling for each value: another one would be a second token."""

from __future__ import annotations

import base64
import re

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")


def encode(raw: bytes) -> str:
    """The text for these bytes."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes that `encode` wrote. Raises ValueError for every other text."""
    if not _ALPHABET.fullmatch(text) or len(text) % 4 == 1:
        raise ValueError("this is not base64url")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(raw) != text:
        raise ValueError("this is not how base64url writes these bytes")
    return raw
