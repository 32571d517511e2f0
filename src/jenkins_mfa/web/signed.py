"""Short texts that a browser keeps for us, signed: what comes back is what was given out, or nothing."""

from __future__ import annotations

import re

from jenkins_mfa.core import base64url, seal

MOST = 1_024  #: characters of a value that is looked at

_PARTS = re.compile(r"([A-Za-z0-9_-]+)\.([0-9a-f]{64})")


def pack(key: bytes, label: str, *fields: str) -> str:
    """The fields in base64url, a dot, their HMAC under `label`. No field holds a line's end."""
    text = base64url.encode("\n".join(fields).encode())
    return f"{text}.{seal.mac(key, label, text)}"


def unpack(key: bytes, label: str, value: str) -> tuple[str, ...]:
    """The fields that `pack` was given, with the same key and label; none for all else."""
    found = _PARTS.fullmatch(value) if len(value) <= MOST else None
    if found is None or not seal.check_mac(found[2], seal.mac(key, label, found[1])):
        return ()
    return tuple(base64url.decode(found[1]).decode().split("\n"))
