"""The evidence in a trail, checked again and compared with what the trail itself says, by whoever doubts it (S7).

The chain shows changes to those who do not link it anew. Whoever can write the store can do that, and has no approver's
key: what such a trail says about a key's answer is not what the key has signed. An enrolment that was made up is not
found here: compare those with what people and ops were told when they happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jenkins_mfa.core import evidence
from jenkins_mfa.core.audit import Name
from jenkins_mfa.core.binding import ActBinding, Binding, Decision, GateBinding, Purpose
from jenkins_mfa.core.credential import key_sha256
from jenkins_mfa.core.evidence import Evidence
from jenkins_mfa.core.model import Entry, Factor, Run
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.errors import EvidenceError

#: What a key must have signed for each event that can be its answer.
DECISIONS: Mapping[str, Decision] = {Name.GATE_CONFIRMED: Decision.APPROVE, Name.GATE_DENIED: Decision.DENY}
#: The same for each event that can be an act: what it says, in the words that are signed. `ticket:made` is two acts.
ACTS: Mapping[str, tuple[Purpose, str]] = {
    Name.AUTHENTICATOR_UNLOCKED: (Purpose.ADMINISTER, "unlock {person}"),
    Name.AUTHENTICATOR_SUSPENDED: (Purpose.ADMINISTER, "lost {person}"),
    Name.AUTHENTICATOR_CONFIRMED: (Purpose.ADMINISTER, "confirm {person} {authenticator}"),
    Name.REQUESTER_RELEASED: (Purpose.ADMINISTER, "release {target}"),
    Name.TICKET_MADE: (Purpose.ADMINISTER, "invite {person}"),
    Name.AUTHENTICATOR_REVOKED: (Purpose.MANAGE, "remove {authenticator}"),
}
_ADDS = (Purpose.MANAGE, "add {kind}")  #: `ticket:made` by the person themselves


@dataclass(frozen=True, slots=True)
class Judged:
    """A key's answer at its place in the trail. `why` says what does not hold; it is empty where all does.

    `why` is missing, a reason of `core.evidence.verify`, or a fact in which the trail contradicts the evidence:
    factor, act, gate, run, decision, request, person, time, enrolled, owner, authenticator, unconfirmed, switched_off,
    site, doubled. `signed` is then what the key has signed; `origin` is the page's, once the evidence itself holds.
    """

    seq: int
    entry: Entry
    why: str = ""
    signed: str = ""
    origin: str = ""


def examine(entries: Iterable[tuple[int, Entry]], site: RelyingParty | None = None) -> Iterator[Judged]:
    """Each answer that a key is said to have given, to a gate or for an act, judged on what stands before it.

    `entries` are (sequence number, entry) from the trail's beginning, in order, of a chain that holds, wherever they
    are read from. `site` is whose pages took the answers; None where the caller cannot tell.
    """
    told = _Told()
    for seq, entry in entries:
        if entry.event in {*DECISIONS, *ACTS} and (_says_key(entry) or "evidence" in entry.details):
            yield _judge(seq, entry, told, site)
        told.note(entry)  # afterwards: a key may have signed its own removal


@dataclass(frozen=True, slots=True)
class _Key:
    person: str = ""
    authenticator: str = ""


@dataclass(slots=True)
class _Told:
    """What the trail has said so far: requests by gate, keys by the digest of their public half, authenticators that
    were switched off, and those that wait for a second administrator. `answered` holds the challenges that keys have
    signed.
    """

    requests: dict[str, str] = field(default_factory=dict)
    keys: dict[str, _Key] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    answered: set[bytes] = field(default_factory=set)

    def note(self, entry: Entry) -> None:
        """Remember what later answers are compared with. A key stays with whom it was enrolled for first."""
        authenticator = str(entry.details.get("authenticator", ""))
        match entry.event:
            case Name.GATE_OPENED:
                self.requests[entry.gate] = str(entry.details.get("request_sha256", ""))
            case Name.AUTHENTICATOR_ENROLLED if "key_sha256" in entry.details:
                key = _Key(str(entry.details.get("person", "")), authenticator)
                self.keys.setdefault(str(entry.details["key_sha256"]), key)
                if entry.details.get("state") == "waits":
                    self.waiting.add(authenticator)
            case Name.AUTHENTICATOR_CONFIRMED:
                self.waiting.discard(authenticator)
            case Name.AUTHENTICATOR_REVOKED | Name.AUTHENTICATOR_SUSPENDED:
                self.off.add(authenticator)


def _says_key(entry: Entry) -> bool:
    return entry.details.get("factor") == Factor.WEBAUTHN


def _judge(seq: int, entry: Entry, told: _Told, site: RelyingParty | None) -> Judged:
    if "evidence" not in entry.details:
        return Judged(seq, entry, "missing")
    try:
        found = evidence.decode(str(entry.details["evidence"]))
        evidence.verify(found)
    except EvidenceError as error:
        return Judged(seq, entry, error.reason)
    facts = _compared(entry, found, told, site)
    why, signed = next(((why, signed) for why, holds, signed in facts if not holds), ("", ""))
    told.answered.add(found.binding.challenge)
    return Judged(seq, entry, why, signed, found.proof.origin)


Facts = tuple[tuple[str, bool, str], ...]  #: (name, whether trail and evidence agree on it, what was signed)


def _compared(entry: Entry, found: Evidence, told: _Told, site: RelyingParty | None) -> Facts:
    """All facts, what is decided first."""
    binding, proof = found.binding, found.proof
    digest = key_sha256(proof.spki)
    key = told.keys.get(digest, _Key())
    denied = entry.event == Name.GATE_DENIED  # such an event names no authenticator, and an older one no factor
    authenticator = entry.details.get("authenticator" if entry.event in DECISIONS else "proof")
    return (
        ("factor", _says_key(entry) or (denied and "factor" not in entry.details), ""),
        *_said(entry, binding, told),
        ("person", entry.actor == binding.person, binding.person),
        ("time", binding.issued <= entry.at < binding.expires, ""),
        ("enrolled", digest in told.keys, digest),
        ("owner", key.person == binding.person, binding.person),
        ("authenticator", denied or authenticator == key.authenticator, key.authenticator),
        ("unconfirmed", key.authenticator not in told.waiting, key.authenticator),
        ("switched_off", key.authenticator not in told.off, key.authenticator),
        ("site", site in (None, RelyingParty(proof.rp_id, proof.origin)), proof.origin),
        ("doubled", binding.challenge not in told.answered, ""),
    )


def _said(entry: Entry, binding: Binding, told: _Told) -> Facts:
    """What was decided or done."""
    if isinstance(binding, ActBinding):
        return (("act", (binding.purpose, binding.subject) == _act(entry), f"{binding.purpose} {binding.subject}"),)
    gate, run = f"{binding.gate}.{binding.generation}", _run(binding)
    return (
        ("act", entry.event in DECISIONS, f"{binding.decision} {gate}"),
        ("gate", entry.gate == gate, gate),
        ("run", (entry.source, entry.run) == (run.source, run.key), run.key),
        ("decision", DECISIONS.get(entry.event) == binding.decision, binding.decision),
        ("request", told.requests.get(entry.gate) == binding.request_sha256, binding.request_sha256),
    )


def _act(entry: Entry) -> tuple[Purpose, str] | None:
    """What a key must have signed for an event that is an act. No id has a space in it."""
    found = ACTS.get(entry.event)
    if entry.event == Name.TICKET_MADE and entry.actor == entry.details.get("person"):
        found = _ADDS
    details: defaultdict[str, str | int] = defaultdict(str, entry.details)  # one that is not there is empty
    return (found[0], found[1].format_map(details)) if found else None


def _run(binding: GateBinding) -> Run:
    return Run(binding.source, "", binding.pipeline, binding.run, binding.attempt, "")
