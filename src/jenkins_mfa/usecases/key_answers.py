"""A person answers a gate with a security key: asked once, consumed, judged, and then counted (S7).

The question is bound to gate, request, requirement, decision, person and credential (core/binding.py), and kept in the
person's record. It is taken out by a commit of its own before its answer is looked at: no answer is ever judged twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jenkins_mfa.core.assertion import Assertion
from jenkins_mfa.core.binding import Decision, GateBinding, bind_gate
from jenkins_mfa.core.challenge import LIFETIME
from jenkins_mfa.core.credential import Credential
from jenkins_mfa.core.model import (
    Authenticator,
    Ceremony,
    Confirmation,
    Denial,
    Factor,
    Gate,
    PersonRecord,
)
from jenkins_mfa.core.requirement_digest import requirement_sha256
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import credentials, decisions, eligible, questions
from jenkins_mfa.usecases.decisions import Counted, audited
from jenkins_mfa.usecases.desk import Desk, Who, load
from jenkins_mfa.usecases.security_keys import SecurityKeys

ANSWER = "answer"  #: the purpose of a ceremony


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page gives to the browser: `options` for the key, and the `nonce` that names the question."""

    gate: Gate
    nonce: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """What a page sends back for one question; `body` is the key's answer as the browser wrote it."""

    jti: str
    nonce: str
    decision: Decision
    body: bytes
    reason: str = ""
    report: bool = False

    @property
    def cause(self) -> str:
        """What names this answer: the same one sent twice counts once."""
        return f"key:{self.nonce}"

    def answers(self, asked: Ceremony) -> bool:
        """Whether that was the question."""
        return (asked.purpose, asked.gate, asked.decision) == (ANSWER, self.jti, self.decision.value)


@dataclass(frozen=True, slots=True)
class _Use:
    """A question that was just consumed, with the record and the key that answer it."""

    ceremony: Ceremony
    record: PersonRecord
    key: Authenticator


@dataclass(frozen=True, slots=True)
class KeyAnswers:
    """Answers with a key. What does not count is a Refusal with its code, and stands in the trail."""

    desk: Desk
    keys: SecurityKeys

    def begin(self, jti: str, who: Who, decision: Decision, key_id: str, until: int, shown: str) -> Asked:
        """Ask the person's key `key_id` for one decision about a gate; good until `until` (ms UTC) at most. `shown` is
        the digest of the requirement that they were shown: another one is not signed unseen (S20).

        One that the same page has asked before for the same gate, decision and key is replaced.
        """
        nonce = self.desk.randomness.hex(32)

        def attempt() -> Asked:
            now, gate = self.desk.store.now(), load(self.desk, jti)
            person = self._eligible(gate, who, decision, nonce, now)
            if shown != asks(gate):
                raise Refusal("page_stale")
            record = credentials.record_of(self.desk, person)
            key = credentials.key_of(record, key_id)
            credential = _credential(self.desk, person, key, decision)
            expires = min(now + LIFETIME, gate.deadline, until)
            if expires <= now:
                raise Refusal("deadline")
            fresh = Ceremony(nonce, ANSWER, key.id, now, expires, jti, decision.value, session=who.session)
            questions.ask(self.desk, record, fresh)
            binding = _binding(gate, fresh, person, credential.id)
            return Asked(gate, nonce, self.keys.assertion_options(binding, (credential,)))

        return audited(self.desk, jti, who, f"ask:{nonce}", attempt)

    def refusal(self, gate: Gate, who: Who, decision: Decision) -> Refusal | None:
        """Why an answer would not count now; None where it would. Nothing is stored."""
        try:
            self._eligible(gate, who, decision, "", self.desk.store.now())
        except Refusal as refusal:
            return refusal
        return None

    def approve(self, given: Given, who: Who) -> Counted:
        """The key has signed an approval."""

        def act(gate: Gate, person: str, use: _Use, proved: Assertion, kept: str, now: int) -> Counted:
            after = credentials.used(use.record, use.key, proved.counter, now)
            confirmation = Confirmation(person, Factor.WEBAUTHN, now, who.via, given.cause, use.key.id)
            return decisions.confirm(self.desk, gate, confirmation, after, kept)

        return self._finish(given, who, act)

    def deny(self, given: Given, who: Who) -> Gate:
        """The key has signed a denial."""

        def act(gate: Gate, person: str, use: _Use, proved: Assertion, kept: str, now: int) -> Gate:
            after = credentials.used(use.record, use.key, proved.counter, now)
            denial = Denial(now, person, given.reason, given.cause, who.via, given.report)
            return decisions.deny_run(self.desk, gate, denial, Factor.WEBAUTHN, after, kept)

        return self._finish(given, who, act)

    def _finish(
        self, given: Given, who: Who, act: Callable[[Gate, str, _Use, Assertion, str, int], decisions.T]
    ) -> decisions.T:
        """Consume, judge on what is stored now, commit. Judged again when somebody else was faster with the gate."""

        def consume() -> Ceremony:
            record = credentials.record_of(self.desk, eligible.known(self.desk, who).id)
            return questions.consume(self.desk, record, who, given.nonce, given.answers)

        ceremony = audited(self.desk, given.jti, who, f"consume:{given.nonce}", consume, Factor.WEBAUTHN)

        def attempt() -> decisions.T:
            now, gate = self.desk.store.now(), load(self.desk, given.jti)
            person = self._eligible(gate, who, given.decision, given.cause, now)
            record = credentials.record_of(self.desk, person)
            use = _Use(ceremony, record, credentials.key_of(record, ceremony.credential))
            proved, kept = self._judged(gate, person, use, given.body, now)
            return act(gate, person, use, proved, kept, now)

        return audited(self.desk, given.jti, who, given.cause, attempt, Factor.WEBAUTHN)

    def _judged(self, gate: Gate, person: str, use: _Use, body: bytes, now: int) -> tuple[Assertion, str]:
        """What the key has signed, and the evidence of it. Raises Refusal."""
        credential = _credential(self.desk, person, use.key, Decision(use.ceremony.decision))
        binding = _binding(gate, use.ceremony, person, credential.id)
        proved = credentials.judged(self.desk, self.keys, binding, use.record, use.key, body, now)
        return proved, credentials.evidence_of(binding, proved)

    def _eligible(self, gate: Gate, who: Who, decision: Decision, cause: str, now: int) -> str:
        """The roster id of who answers, by the rules that hold for taps."""
        if decision is Decision.DENY:
            return eligible.denying(self.desk, gate, who, now).id
        person, recorded = eligible.confirming(self.desk, gate, who, cause, now)
        if not recorded:
            decisions.asked_of(gate, person.id)
        return person.id


def asks(gate: Gate) -> str:
    """The digest of what a gate asks for now; a page that shows the gate says it with each answer that it begins."""
    return requirement_sha256(gate.requirement) if gate.requirement else ""


def _credential(desk: Desk, person: str, key: Authenticator, decision: Decision) -> Credential:
    """What the key signs with. A denial lets nothing pass, so every key that is enrolled gives it."""
    use = credentials.of if decision is Decision.DENY else credentials.counting
    return use(desk, person, key)


def _binding(gate: Gate, ceremony: Ceremony, person: str, credential: bytes) -> GateBinding:
    """What the key is to have signed, built again from the gate as it is now."""
    if gate.requirement is None:
        raise Refusal("not_needed")
    return bind_gate(
        gate,
        asks(gate),
        nonce=bytes.fromhex(ceremony.nonce),
        decision=Decision(ceremony.decision),
        person=person,
        credential=credential,
        issued=ceremony.issued,
        expires=ceremony.expires,
    )
