"""Events of the trail in the terms of the Open Cybersecurity Schema Framework (OCSF), version 1.6.0.

One table says for each event of which class it is, which activity, how severe and with what status. What OCSF has no
attribute for stands in `unmapped`, so that nothing is lost. The bytes that were hashed are in the trail's own form
only: that one is verified, this one is searched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jenkins_mfa.core.audit import Name
from jenkins_mfa.core.chain import Linked
from jenkins_mfa.core.model import Entry

VERSION = "1.6.0"
ENTITY, AUTHENTICATION, FINDING, LIFECYCLE = 3004, 3002, 2004, 6002  #: class_uid
CREATE, UPDATE, DELETE, ENROLL, UNENROLL, ENABLE, DISABLE, SUSPEND, RESUME = 1, 3, 4, 6, 7, 8, 9, 12, 13
ACTIVATE, DEACTIVATE = 10, 11
LOGON = 1
START, STOP = 3, 4
OTHER = 99
INFO, LOW, MEDIUM, HIGH, CRITICAL = 1, 2, 3, 4, 5  #: severity_id
SUCCESS, FAILURE = 1, 2  #: status_id of what was done; of a finding, 1 is new


@dataclass(frozen=True, slots=True)
class Row:
    """`class_uid`, `activity_id`, `severity_id` and `status_id` of an event."""

    of: int
    activity: int
    severity: int = INFO
    status: int = SUCCESS


ROWS: Mapping[Name, Row] = {
    Name.GATE_OPENED: Row(ENTITY, CREATE),
    Name.GATE_CONFIRMED: Row(ENTITY, UPDATE),
    Name.GATE_RETRACTED: Row(ENTITY, UPDATE, LOW),
    Name.GATE_TIGHTENED: Row(ENTITY, UPDATE, LOW),
    Name.GATE_DENIED: Row(ENTITY, DEACTIVATE, LOW),
    Name.GATE_APPROVED: Row(ENTITY, ACTIVATE),
    Name.GATE_EXPIRED: Row(ENTITY, DEACTIVATE, LOW, FAILURE),
    Name.GATE_CLAIMED: Row(ENTITY, UPDATE),
    Name.GATE_RESUMED: Row(ENTITY, RESUME),
    Name.GATE_ABORTED: Row(ENTITY, DEACTIVATE),
    Name.GATE_WITHDRAWN: Row(ENTITY, DELETE),
    Name.GATE_BYPASSED: Row(FINDING, CREATE, CRITICAL),
    Name.GATE_REOPENED: Row(ENTITY, CREATE, MEDIUM),
    Name.GATE_REMINDED: Row(ENTITY, UPDATE),
    Name.GATE_ESCALATED: Row(ENTITY, UPDATE, LOW),
    Name.GATE_HELD: Row(ENTITY, SUSPEND, LOW),
    Name.GATE_RELEASED: Row(ENTITY, RESUME),
    Name.GATE_BROKE_GLASS: Row(FINDING, CREATE, HIGH),
    Name.GATE_REVIEWED: Row(ENTITY, UPDATE),
    Name.GATE_MISSING: Row(FINDING, CREATE, CRITICAL),
    Name.GATE_FLOODED: Row(FINDING, CREATE, MEDIUM),
    Name.REQUESTER_HELD: Row(ENTITY, SUSPEND, MEDIUM),
    Name.REQUESTER_RELEASED: Row(ENTITY, RESUME),
    Name.ANSWER_REFUSED: Row(ENTITY, UPDATE, LOW, FAILURE),
    Name.AUTHENTICATOR_ENROLLED: Row(ENTITY, ENROLL, LOW),
    Name.AUTHENTICATOR_CONFIRMED: Row(ENTITY, ENABLE, LOW),
    Name.AUTHENTICATOR_REVOKED: Row(ENTITY, UNENROLL, LOW),
    Name.AUTHENTICATOR_SUSPENDED: Row(ENTITY, SUSPEND, MEDIUM),
    Name.AUTHENTICATOR_THROTTLED: Row(FINDING, CREATE, MEDIUM),
    Name.AUTHENTICATOR_UNLOCKED: Row(ENTITY, ENABLE, LOW),
    Name.SESSION_BEGUN: Row(AUTHENTICATION, LOGON),
    Name.SESSION_REFUSED: Row(AUTHENTICATION, LOGON, LOW, FAILURE),
    Name.TICKET_MADE: Row(ENTITY, CREATE, LOW),
    Name.TICKET_USED: Row(ENTITY, UPDATE),
    Name.TICKET_REFUSED: Row(ENTITY, UPDATE, LOW, FAILURE),
    Name.TICKET_VOUCHED: Row(ENTITY, ACTIVATE),
    Name.TICKET_DENIED: Row(FINDING, CREATE, HIGH),
    Name.RECEIPT_REDEEMED: Row(ENTITY, UPDATE),
    Name.RECEIPT_REFUSED: Row(FINDING, CREATE, HIGH),
    Name.DELIVERY_PARKED: Row(ENTITY, DEACTIVATE, MEDIUM, FAILURE),
    Name.DELIVERY_RETRIED: Row(ENTITY, RESUME),
    Name.DELIVERY_DROPPED: Row(ENTITY, DELETE, LOW),
    Name.RECORD_DAMAGED: Row(FINDING, CREATE, CRITICAL),
    Name.POLICY_LOADED: Row(ENTITY, UPDATE, LOW),
    Name.GROUP_CHANGED: Row(ENTITY, UPDATE, LOW),
    Name.SECRET_LOADED: Row(ENTITY, UPDATE, LOW),
    Name.KEY_CREATED: Row(ENTITY, CREATE, LOW),
    Name.KEY_REVOKED: Row(ENTITY, DISABLE, HIGH),
    Name.KEY_ROTATED: Row(ENTITY, UPDATE, LOW),
    Name.AGENT_STARTED: Row(LIFECYCLE, START),
    Name.AGENT_STOPPED: Row(LIFECYCLE, STOP),
    Name.STORE_ROLLBACK: Row(FINDING, CREATE, CRITICAL),
    Name.TEST_BEGUN: Row(ENTITY, CREATE, LOW),
}
#: Which detail names the thing that an event is about, where it is no gate; the first one that there is.
_ABOUT = ("authenticator", "target", "person", "kid", "jti", "record", "lane", "policy_sha256", "use")


def severity(event: str) -> int:
    """The severity_id of an event."""
    return ROWS[Name(event)].severity


def event(linked: Linked, version: str) -> dict[str, Any]:
    """The event as OCSF has it; `version` is that of the agent that tells it. Raises UntrustedInputError for damaged
    bytes.
    """
    entry = linked.entry
    row = ROWS[Name(entry.event)]
    return {
        "category_uid": row.of // 1000,
        "class_uid": row.of,
        "activity_id": row.activity,
        "type_uid": row.of * 100 + row.activity,
        "severity_id": row.severity,
        "status_id": row.status,
        "time": entry.at,
        "message": entry.event,
        "metadata": {
            "version": VERSION,
            "product": {"name": "jenkins-mfa", "version": version},
            "uid": linked.hash,
            "sequence": linked.seq,
            "event_code": entry.event,
            **({"correlation_uid": entry.gate} if entry.gate else {}),
        },
        **_of_class(row.of, entry, linked.hash, version),
        "unmapped": {
            "actor": entry.actor,
            "gate": entry.gate,
            "source": entry.source,
            "run": entry.run,
            "details": dict(entry.details),
        },
    }


def _of_class(of: int, entry: Entry, digest: str, version: str) -> dict[str, Any]:
    """What the class needs beside the attributes of all events, and who did it."""
    actor = {"actor": {"user": {"uid": entry.actor, "name": entry.actor}}}
    if of == LIFECYCLE:
        return {"app": {"name": "jenkins-mfa", "version": version}}
    if of == FINDING:
        return {"finding_info": {"uid": digest, "title": entry.event, "product_uid": "jenkins-mfa"}, "is_alert": True}
    if of == AUTHENTICATION:
        person = str(entry.details.get("person", entry.actor))
        service = {"service": {"name": "jenkins-mfa"}, "is_mfa": True}
        return {"user": {"uid": person, "name": person}, **service, **actor}
    return {"entity": _entity(entry), **actor}


def _entity(entry: Entry) -> dict[str, Any]:
    """What the event is about: a gate where it is about its life or an answer to it, else what its details name."""
    kind = entry.event.partition(":")[0]
    if entry.gate and kind in {"gate", "answer"}:
        return {"uid": entry.gate, "type_id": OTHER, "type": "gate"}
    named = (str(entry.details[name]) for name in _ABOUT if name in entry.details)
    return {"uid": next(named, entry.gate or kind), "type_id": OTHER, "type": kind}
