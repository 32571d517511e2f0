"""Which receipt keys are in use: those of the files, but never one that was revoked, here or by any agent of the store.

The files of a host may be old ones, put back from a backup: what the store knows as revoked stays revoked. What only
the files know as revoked, as where somebody has changed the store, stays so, too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jenkins_mfa.core.keys import Keys, SigningKey
from jenkins_mfa.core.model import Alert, Commit, Entry, Gate, KeysRecord, Warned
from jenkins_mfa.core.signing_keys import spki
from jenkins_mfa.core.units import DAY
from jenkins_mfa.usecases.desk import Desk, commit_id, decide

SOON = 30 * DAY  #: ms before the end of the last key that a library knows, from which on ops are told
EVERY = 7 * DAY  #: ms after which they are told again


class Reading(Protocol):
    """Where it is kept which keys are revoked."""

    def keys(self) -> KeysRecord:
        """As in the Store port."""


def look(desk: Desk) -> None:
    """Remember what the store knows as revoked. Raises StoreError: where that cannot be read nothing is signed."""
    put_back(desk.store, desk.keys)


def put_back(store: Reading, keys: Keys) -> list[str]:
    """Make what the store knows as revoked revoked in `keys`, too. Returns the kids among those that the files still
    have, as where old files were put back. Raises StoreError.
    """
    keys.revoked.update(one.kid for one in store.keys().revoked)
    return [key.kid for key in keys.signing if key.kid in keys.revoked]


def signer(desk: Desk, kids: Collection[str], at: int) -> SigningKey | None:
    """The key that signs for a run that knows these kids, at `at` (Unix seconds). Raises StoreError."""
    look(desk)
    return desk.keys.signer(kids, at)


def newest(desk: Desk, at: int) -> str:
    """The kid of the newest key that signs or will, at `at` (Unix seconds); empty where there is none."""
    return next((key.kid for key in desk.keys.current(at) if key.signs), "")


def warn(desk: Desk, gate: Gate) -> None:
    """Tell ops, weekly for each source, that the last key which a run's library knows ends soon. Raises StoreError."""
    now = desk.store.now()
    last = max((key for key in desk.keys.current(now // 1000) if key.kid in gate.kids), key=_end, default=None)
    if last is None or last.not_after * 1000 - now >= SOON:
        return
    warned = Warned(gate.run.source, last.kid, now)

    def attempt() -> None:
        record = desk.store.keys()
        if any((one.source, one.kid) == (warned.source, warned.kid) and now - one.at < EVERY for one in record.warned):
            return
        others = [one for one in record.warned if one.source != warned.source]
        after = replace(record, version=record.version + 1, warned=(*others, warned))
        values = {"source": warned.source, "kid": last.kid, "days": str((last.not_after * 1000 - now) // DAY)}
        alert = Alert(f"trust_ends:{warned.source}:{last.kid}:{now}", "trust_ends", now, values=values)
        desk.store.commit(Commit(commit_id(alert.id), (after,), alerts=(alert,)))

    decide(attempt)


def _end(key: SigningKey) -> int:
    return key.not_after


def public(desk: Desk, at: int) -> dict[str, Ed25519PublicKey]:
    """What receipts are verified with at `at` (Unix seconds), by kid. Raises StoreError."""
    look(desk)
    return desk.keys.public(at)


def note(desk: Desk, kids: Sequence[str]) -> None:
    """Put receipt keys that no agent had before into the trail, once for all agents. Raises StoreError."""

    def attempt() -> None:
        record, now = desk.store.keys(), desk.store.now()
        new = [kid for kid in kids if kid not in record.known]
        if not new:
            return
        entries = tuple(Entry("key:created", now, "agent", details={"kid": kid}) for kid in sorted(new))
        after = replace(record, version=record.version + 1, known=(*record.known, *sorted(new)))
        desk.store.commit(Commit(commit_id("keys", str(after.version), *new), (after,), entries))

    decide(attempt)


def same(one: Sequence[SigningKey], other: Sequence[SigningKey]) -> bool:
    """Whether both are the same keys, used in the same way."""
    return [_of(key) for key in one] == [_of(key) for key in other]


def _of(key: SigningKey) -> tuple[object, ...]:
    return key.kid, spki(key.public), key.not_after, key.signs, key.signs_from
