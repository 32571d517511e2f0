"""The trail: events in a chain of hashes, so that a change, a gap or another order shows (S12, S13).

Each hash covers the event's exact bytes and the hash before it. The chain shows that something was changed, not by
whom: whoever can write the store can write a new chain, which is what checkpoints kept elsewhere are for.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from jenkins_mfa.core import strict_json
from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.seal import framed
from jenkins_mfa.errors import UntrustedInputError

MAX_BYTES = 64 * 1024  #: of one event
LATEST = 253_402_300_799_999  #: ms UTC: the end of the year 9999, beyond which no date can be written
MAX_VALUE = 4000  #: characters of one text in `details`
_LINK = framed("jenkins-mfa/trail/v1")
START = ""  #: what stands before the first event's hash

#: What `details` may hold. No name of a secret is in it: no number, code, seed, token, ticket or receipt.
DETAILS = frozenset(
    {
        "act", "authenticator", "by", "changes", "checkpoint", "commit", "effects", "evidence", "exp", "factor",
        "failures", "head", "iat", "jti", "key_sha256", "kid", "kind", "lane", "lib", "named", "nonce", "not_after",
        "people", "person", "policy_sha256", "problem", "proof", "quorum", "reason", "receipt_sha256", "record",
        "report", "request_sha256", "rules", "seq", "state", "step", "target", "tries", "use", "version", "via",
        "waiting",
    }
)  # fmt: skip


class Name(enum.StrEnum):
    """All events, spelt as stored (contract.md)."""

    GATE_OPENED = "gate:opened"
    GATE_CONFIRMED = "gate:confirmed"
    GATE_RETRACTED = "gate:retracted"
    GATE_TIGHTENED = "gate:tightened"
    GATE_DENIED = "gate:denied"
    GATE_APPROVED = "gate:approved"
    GATE_EXPIRED = "gate:expired"
    GATE_CLAIMED = "gate:claimed"
    GATE_RESUMED = "gate:resumed"
    GATE_ABORTED = "gate:aborted"
    GATE_WITHDRAWN = "gate:withdrawn"
    GATE_BYPASSED = "gate:bypassed"
    GATE_REOPENED = "gate:reopened"
    GATE_REMINDED = "gate:reminded"
    GATE_ESCALATED = "gate:escalated"
    GATE_HELD = "gate:held"
    GATE_RELEASED = "gate:released"
    GATE_BROKE_GLASS = "gate:broke_glass"
    GATE_REVIEWED = "gate:reviewed"
    GATE_MISSING = "gate:missing"
    GATE_FLOODED = "gate:flooded"
    REQUESTER_HELD = "requester:held"
    REQUESTER_RELEASED = "requester:released"
    ANSWER_REFUSED = "answer:refused"
    AUTHENTICATOR_ENROLLED = "authenticator:enrolled"
    AUTHENTICATOR_CONFIRMED = "authenticator:confirmed"
    AUTHENTICATOR_REVOKED = "authenticator:revoked"
    AUTHENTICATOR_SUSPENDED = "authenticator:suspended"
    AUTHENTICATOR_THROTTLED = "authenticator:throttled"
    AUTHENTICATOR_UNLOCKED = "authenticator:unlocked"
    SESSION_BEGUN = "session:begun"
    SESSION_REFUSED = "session:refused"
    TICKET_MADE = "ticket:made"
    TICKET_USED = "ticket:used"
    TICKET_REFUSED = "ticket:refused"
    TICKET_VOUCHED = "ticket:vouched"
    TICKET_DENIED = "ticket:denied"
    RECEIPT_REDEEMED = "receipt:redeemed"
    RECEIPT_REFUSED = "receipt:refused"
    DELIVERY_PARKED = "delivery:parked"
    DELIVERY_RETRIED = "delivery:retried"
    DELIVERY_DROPPED = "delivery:dropped"
    RECORD_DAMAGED = "record:damaged"
    POLICY_LOADED = "policy:loaded"
    GROUP_CHANGED = "group:changed"
    SECRET_LOADED = "secret:loaded"  # noqa: S105 - a name
    KEY_CREATED = "key:created"
    KEY_REVOKED = "key:revoked"
    KEY_ROTATED = "key:rotated"
    AGENT_STARTED = "agent:started"
    AGENT_STOPPED = "agent:stopped"
    STORE_ROLLBACK = "store:rollback"
    TEST_BEGUN = "test:begun"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event at its place in the chain. `at` is ms UTC; the name's verb is the outcome.

    `gate` is `<gate id>.<generation>`, `source` and `run` name where it happened; empty where there is none.
    Raises ValueError for a detail that is not listed, too long or of another type, and for half characters.
    """

    seq: int
    at: int
    name: Name
    actor: str
    gate: str = ""
    source: str = ""
    run: str = ""
    details: Mapping[str, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unlisted := sorted(set(self.details) - DETAILS):
            raise ValueError(f"the trail takes no such detail: {', '.join(unlisted)}")
        for text in (self.actor, self.gate, self.source, self.run, *self.details.values()):
            str(text).encode()
        for key, value in self.details.items():
            if type(value) is not int and (type(value) is not str or len(value) > MAX_VALUE):
                raise ValueError(f"detail {key} is no whole number and no text of {MAX_VALUE} characters at most")


#: Of a security key: which detail says that it was one, and which one an auditor then verifies its answers by.
_VERIFIED_BY = {
    Name.GATE_CONFIRMED: ("factor", "evidence"),
    Name.GATE_DENIED: ("factor", "evidence"),
    Name.AUTHENTICATOR_ENROLLED: ("kind", "key_sha256"),
    Name.AUTHENTICATOR_UNLOCKED: ("factor", "evidence"),
    Name.AUTHENTICATOR_SUSPENDED: ("factor", "evidence"),
    Name.AUTHENTICATOR_CONFIRMED: ("factor", "evidence"),
    Name.AUTHENTICATOR_REVOKED: ("factor", "evidence"),
    Name.REQUESTER_RELEASED: ("factor", "evidence"),
    Name.TICKET_MADE: ("factor", "evidence"),
}


def check_verifiable(event: AuditEvent) -> None:
    """Whoever writes the trail looks: what a security key did is written so that it can be verified again, or not at
    all (S7). Raises ValueError.
    """
    says, needed = _VERIFIED_BY.get(event.name, ("", ""))
    if event.details.get(says) == Factor.WEBAUTHN and needed not in event.details:
        raise ValueError(f"{event.name} of a security key is written with its {needed}")


def encode(event: AuditEvent) -> bytes:
    """The event's canonical bytes: one line of ASCII, so that nothing in it can look like another line (S12).

    Raises ValueError for more than MAX_BYTES.
    """
    members = {
        "seq": event.seq,
        "at": event.at,
        "event": str(event.name),
        "actor": event.actor,
        "gate": event.gate,
        "source": event.source,
        "run": event.run,
        "details": dict(event.details),
    }
    raw = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    if len(raw) > MAX_BYTES:
        raise ValueError(f"a trail event has at most {MAX_BYTES} bytes")
    return raw


def decode(raw: bytes) -> AuditEvent:
    """The event that `encode` wrote. Raises UntrustedInputError for anything else."""
    value = strict_json.parse(raw, place="trail event", max_bytes=MAX_BYTES, max_depth=2)
    try:
        event = _event(value)
    except (KeyError, TypeError, ValueError):
        raise UntrustedInputError("trail event does not have the form of one.") from None
    if encode(event) != raw:
        raise UntrustedInputError("trail event is not written as the agent writes it.")
    return event


def link(previous: str, raw: bytes) -> str:
    """The hash of the event `raw` after one whose hash is `previous` (START for the first): SHA-256 in hex."""
    before = previous.encode()
    # As `framed` writes them, in half of its time: a trail of a million events has a million of these.
    parts = (_LINK, len(before).to_bytes(4), before, len(raw).to_bytes(4), raw)
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _event(value: object) -> AuditEvent:
    """Raises KeyError, TypeError or ValueError for what is no event."""
    if not isinstance(value, dict) or not isinstance(value["details"], dict):
        raise TypeError
    if not all(type(value[name]) is int for name in ("seq", "at")):
        raise TypeError
    if not 0 <= value["at"] <= LATEST:
        raise ValueError
    if not all(type(value[name]) is str for name in ("event", "actor", "gate", "source", "run")):
        raise TypeError
    return AuditEvent(
        seq=value["seq"],
        at=value["at"],
        name=Name(value["event"]),
        actor=value["actor"],
        gate=value["gate"],
        source=value["source"],
        run=value["run"],
        details=value["details"],
    )
