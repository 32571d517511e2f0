"""What a page posts: a public key credential as JSON (WebAuthn L3, 5.1), read strictly before anything believes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jenkins_mfa.core import base64url, strict_json
from jenkins_mfa.errors import EvidenceError, UntrustedInputError

MAX_BODY = 16 * 1024  #: bytes; browsers send 1 to 3 KiB
MAX_DEPTH = 8  #: extensions nest a little


@dataclass(frozen=True, slots=True)
class Answer:
    """`id` is the credential as the page calls it; `parts` are the members of `response` that were asked for."""

    id: bytes
    parts: dict[str, bytes]
    user_handle: bytes | None
    transports: tuple[str, ...]

    @property
    def json(self) -> dict[str, Any]:
        """The same for py_webauthn, and nothing else of what was posted."""
        named = base64url.encode(self.id)
        response = {name: base64url.encode(part) for name, part in self.parts.items()}
        return {"id": named, "rawId": named, "type": "public-key", "response": response}


def read(body: bytes, *names: str) -> Answer:
    """The answer in a request's body, with these members of its `response`. Raises EvidenceError."""
    if len(body) > MAX_BODY:
        raise EvidenceError("too_large", f"is larger than {MAX_BODY // 1024} KiB")
    try:
        found = _object(strict_json.parse(body, place="the answer", max_bytes=MAX_BODY, max_depth=MAX_DEPTH))
        response = _object(found["response"])
        handle, transports = response.get("userHandle"), response.get("transports", [])
        if found["id"] != found["rawId"] or found["type"] != "public-key" or not isinstance(transports, list):
            raise ValueError
        return Answer(
            _bytes(found["id"]),
            {name: _bytes(response[name]) for name in names},
            None if handle is None else _bytes(handle),
            tuple(str(transport) for transport in transports),
        )
    except (UntrustedInputError, ValueError, TypeError, KeyError):
        raise EvidenceError("malformed", "is damaged: it is no public key credential") from None


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _bytes(value: object) -> bytes:
    if not isinstance(value, str):
        raise TypeError
    return base64url.decode(value)
