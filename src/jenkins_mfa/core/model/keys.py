"""What is stored of receipt keys, beside the keys themselves, which are in no store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RevokedKey:
    """A receipt key (`kid`) that signs and verifies nothing any more since `at`; `by` has revoked it."""

    kid: str
    at: int
    by: str


@dataclass(frozen=True, slots=True)
class Warned:
    """When ops were told last (ms UTC) that the library of a source knows no receipt key beyond `kid`, which ends."""

    source: str
    kid: str
    at: int


@dataclass(frozen=True, slots=True)
class KeysRecord:
    """Which receipt keys agents of this store ever had (kids), those that were revoked, and of which ops were warned.
    One record, so that a revoked key stays one for every agent, also where its files are put back from a backup.
    """

    version: int
    known: tuple[str, ...] = ()
    revoked: tuple[RevokedKey, ...] = ()
    warned: tuple[Warned, ...] = ()
