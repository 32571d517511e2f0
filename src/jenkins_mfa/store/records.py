"""Records as the script gets them: key, version, JSON, and what the indexes need of a gate."""

from __future__ import annotations

import hashlib
from typing import TypeVar

import msgspec

from jenkins_mfa.core.model import Alert, Gate, PersonRecord, Record, RunRecord, State
from jenkins_mfa.errors import StoreUnusableError

TIMED = frozenset({State.PENDING, State.APPROVED})  #: states that end by their deadline

R = TypeVar("R", bound=Record | Alert)


def decode(text: bytes, kind: type[R], key: str) -> R:
    """A stored record. Raises StoreUnusableError for one that is damaged: nothing can be decided on it."""
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        raise StoreUnusableError(f"the stored record {key} is damaged: {error}") from error


def ref_key(source: str, ref: str) -> str:
    """Where the newest gate of a source's handle is noted."""
    return f"ref:{source}:{hashlib.sha256(ref.encode()).hexdigest()}"


def planned(record: Record) -> dict[str, object]:
    """One element of the script's `plan.records`."""
    plan: dict[str, object] = {
        "key": record_key(record),
        "version": record.version,
        "json": msgspec.json.encode(record).decode(),
    }
    if isinstance(record, Gate):
        plan["gate"] = _indexed(record)
    return plan


def record_key(record: Record) -> str:
    """A record's name under the prefix."""
    match record:
        case Gate():
            return f"gate:{record.id}"
        case RunRecord():
            return f"run:{record.key}"
        case PersonRecord():
            return f"auth:{record.person}"
        case _:
            return f"told:{record.gate}"


def _indexed(gate: Gate) -> dict[str, object]:
    """What the indexes keep: the handle's newest gate, the version while it is open, the deadline while it counts."""
    plan: dict[str, object] = {
        "id": gate.id,
        "ref": ref_key(gate.run.source, gate.external_ref),
        "generation": gate.generation,
    }
    if not gate.state.settled:
        plan["open"] = gate.version
    if gate.state in TIMED:
        plan["deadline"] = gate.deadline
    return plan
