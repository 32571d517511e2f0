"""Records as they are stored: key, version, JSON, seal, and what the indexes need of a gate.

Whoever can write into the store is not trusted (T8). So each record carries a seal over its name and the very bytes
that are stored: no record can be made up, changed, or moved to another place, and a later release reads what an older
one sealed, whatever its model has gained meanwhile. What no seal tells, an older record put back, the trail does.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, TypeVar

import msgspec
from redis.exceptions import ResponseError

from jenkins_mfa import shapes
from jenkins_mfa.core import challenge, moments, seal
from jenkins_mfa.core.model import (
    Alert,
    CredentialRecord,
    FloodsRecord,
    Gate,
    HoldsRecord,
    KeysRecord,
    PersonRecord,
    PipelineRecord,
    Record,
    RedemptionRecord,
    ReviewsRecord,
    RunRecord,
    State,
    TicketRecord,
)
from jenkins_mfa.core.units import DAY
from jenkins_mfa.errors import DamagedError, StoreUnavailableError

FIELDS = ("version", "json", "seal")  #: of a stored record, as `opened` takes them
KEPT = DAY  #: ms that a ticket stays behind its end, so that it is told why it opens nothing
TIMED = frozenset({State.PENDING, State.APPROVED})  #: states that end by their deadline

R = TypeVar("R", bound=Record)

_WHOLE = re.compile(rb"[0-9]{1,15}")


def opened(answer: Any, kind: type[R], name: str, key: bytes) -> R | None:
    """The record out of its fields, or out of the server's refusal to read them; None where there is none.

    Raises DamagedError for everything that was not written by whoever holds `key`.
    """
    if isinstance(answer, ResponseError) and str(answer).startswith("WRONGTYPE"):
        raise DamagedError(name, "it has another type")
    if isinstance(answer, Exception):
        raise StoreUnavailableError(f"the store refused: {answer}") from answer
    if not any(answer):
        return None
    version, text, given = (field or b"" for field in answer)
    count = int(version) if _WHOLE.fullmatch(version) else 0
    if not seal.check_mac(given.decode(errors="replace"), seal_of(name, text, key)):
        raise DamagedError(name, "it does not carry our seal", count)
    try:
        record = shapes.decode(text, kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise DamagedError(name, f"it cannot be read: {error}", count) from error
    if record.version != count:
        raise DamagedError(name, "its version is not the one beside it", count)
    return record


def read_alert(text: bytes, name: str) -> Alert:
    """An alert that waits. Raises DamagedError."""
    try:
        return shapes.decode(text, Alert)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise DamagedError(name, f"it cannot be read: {error}") from error


def encode(record: Record) -> bytes:
    """The bytes that are stored and sealed."""
    return msgspec.json.encode(record, order="sorted")


def seal_of(name: str, text: bytes, key: bytes) -> str:
    """The seal of a record under its name: the one place that makes and checks it."""
    return seal.mac(key, "record/v1", name, text)


def ref_key(source: str, ref: str) -> str:
    """Where the newest gate of a source's handle is noted."""
    return f"ref:{source}:{hashlib.sha256(ref.encode()).hexdigest()}"


def planned(record: Record, key: bytes) -> dict[str, object]:
    """One element of the script's `plan.records`."""
    name, text = record_key(record), encode(record)
    plan: dict[str, object] = {
        "key": name,
        "version": record.version,
        "json": text.decode(),
        "seal": seal_of(name, text, key),
    }
    if isinstance(record, Gate):
        plan["gate"] = _indexed(record)
    if isinstance(record, PersonRecord):
        locked = record.failures >= challenge.DISABLED_AT
        plan["waits"] = {"who": record.person, "until": "inf" if locked else record.wait_until}
    if isinstance(record, TicketRecord):
        plan["until"] = record.expires + KEPT
    return plan


def record_key(record: Record) -> str:
    """A record's name under the prefix."""
    match record:
        case Gate():
            return f"gate:{record.id}"
        case RunRecord():
            return f"run:{record.key}"
        case PipelineRecord():
            return f"pipeline:{record.key}"
        case PersonRecord():
            return f"auth:{record.person}"
        case CredentialRecord():
            return f"credential:{record.id}"
        case TicketRecord():
            return f"ticket:{record.id}"
        case ReviewsRecord():
            return "reviews"
        case HoldsRecord():
            return "holds"
        case KeysRecord():
            return "keys"
        case FloodsRecord():
            return "floods"
        case RedemptionRecord():
            return f"redeemed:{record.jti}"
        case _:
            return f"told:{record.gate}"


def _indexed(gate: Gate) -> dict[str, object]:
    """What the indexes keep: the handle's newest gate; whose the nonce was first; the version while it is open; while
    it counts, the next moment at which it changes by itself, and that of its reminder.
    """
    plan: dict[str, object] = {
        "id": gate.id,
        "ref": ref_key(gate.run.source, gate.external_ref),
        "nonce": gate.nonce,
        "generation": gate.generation,
    }
    if not gate.state.settled:
        plan["open"] = gate.version
    if gate.state in TIMED:
        further = moments.escalation(gate)
        plan["deadline"] = gate.deadline if further is None else min(gate.deadline, further)
        reminder = moments.reminder(gate)
        if reminder is not None:
            plan["reminder"] = reminder
    return plan
