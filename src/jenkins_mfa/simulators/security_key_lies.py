"""What a dishonest browser or security key changes in its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Lies:
    """None, 0 and empty leave the truth. The key signs what it says then, unless the signature itself is given.

    Of the browser: `ceremony`, `challenge`, `origin`, further members `said`, or all of `client_data`; `any_site` and
    `any_algorithm` drop its own checks; `id`, `raw_id`, `user_handle` (empty: none), members of the `answer`.
    Of the key: `rp_id`, bits of the flags, `count`, bytes `trailing` its data, or all of `authenticator_data`;
    `attested_id`, `cose`; `form` and `statement` of the attestation, or the whole `attestation_object`; `signature`.
    """

    ceremony: str = ""
    challenge: bytes | None = None
    origin: str = ""
    said: Mapping[str, object] = field(default_factory=dict)
    client_data: bytes | None = None
    any_site: bool = False
    any_algorithm: bool = False
    id: bytes | None = None
    raw_id: bytes | None = None
    user_handle: bytes | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
    rp_id: str = ""
    flags_on: int = 0
    flags_off: int = 0
    count: int | None = None
    trailing: bytes = b""
    authenticator_data: bytes | None = None
    attested_id: bytes | None = None
    cose: bytes | None = None
    form: str = ""
    statement: dict[str, object] | None = None
    attestation_object: bytes | None = None
    signature: bytes | None = None


HONEST = Lies()
