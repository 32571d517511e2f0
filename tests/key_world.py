"""People with security keys around a desk: enrolled without a page, asked and answering as a page has them do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from builders import policy, rule
from desk_world import World
from jenkins_mfa.core.binding import NONCE_BYTES, ActBinding, Decision, Purpose
from jenkins_mfa.core.model import Authenticator, Commit, Factor
from jenkins_mfa.core.policy import Policy
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.simulators.security_key import HONEST, Lies, SecurityKey
from jenkins_mfa.usecases import credentials
from jenkins_mfa.usecases.desk import Desk, Who, commit_id
from jenkins_mfa.usecases.key_answers import Asked, Given, KeyAnswers, asks
from jenkins_mfa.wiring import SystemRandomness

#: Policies of installations with pages.
KEYED = policy(rule(factor=Factor.WEBAUTHN), available=tuple(Factor))
TWO_KEYS = policy(rule(factor=Factor.WEBAUTHN, quorum=2), available=tuple(Factor))
PARTY = RelyingParty("mfa.example.com", "https://mfa.example.com")
LATER = 10**15  #: no session ends before


def enrol_key(desk: Desk, party: RelyingParty, person: str, key: SecurityKey, origin: str = "") -> Authenticator:
    """Give a person a key, as an enrolment does."""
    keys = WebAuthnKeys(party, "jenkins-mfa")
    now = desk.store.now()
    binding = ActBinding(Purpose.REGISTER, desk.randomness.bytes(NONCE_BYTES), "ticket", person, b"", now, now + 60_000)
    options = keys.registration_options(binding, desk.roster.name(person), ())
    made = keys.register(json.dumps(key.register(options, origin or party.origin)).encode(), binding, now)
    record = desk.store.person(person)
    own, named = credentials.fresh(desk, person, made, now, label=f"key {len(record.authenticators) + 1}")
    after = replace(record, version=record.version + 1, authenticators=(*record.authenticators, own))
    desk.store.commit(Commit(commit_id("key", own.id), (after, named)))
    return own


@dataclass
class KeyWorld(World):
    """A world whose gates need a key, and people who have one each."""

    rules: Policy = KEYED
    party: RelyingParty = PARTY
    held: dict[str, SecurityKey] = field(default_factory=dict)
    own: dict[str, Authenticator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.desk = replace(self.desk, randomness=SystemRandomness())
        self.keys = KeyAnswers(self.desk, WebAuthnKeys(self.party, "jenkins-mfa"))

    def give(self, person: str, **values: Any) -> Authenticator:
        """Enrol a fresh key."""
        self.held[person] = SecurityKey(**values)
        self.own[person] = enrol_key(self.desk, self.party, person, self.held[person])
        return self.own[person]

    def session(self, person: str) -> Who:
        """A page of theirs."""
        return Who("web", "203.0.113.9", person)

    def ask(self, person: str, decision: Decision = Decision.APPROVE, key: str = "") -> Asked:
        """The page is told what to have signed."""
        key_id = key or self.own[person].id
        return self.keys.begin(self.gate.jti, self.session(person), decision, key_id, LATER, asks(self.gate))

    def sign(self, person: str, asked: Asked, lies: Lies = HONEST) -> bytes:
        """The browser has the key sign it."""
        return json.dumps(self.held[person].sign(asked.options, self.party.origin, lies)).encode()

    def given(self, asked: Asked, body: bytes, decision: Decision = Decision.APPROVE, **values: Any) -> Given:
        """What the page sends."""
        return Given(asked.gate.jti, asked.nonce, decision, body, **values)

    def approve(self, person: str, lies: Lies = HONEST) -> Any:
        """All of it."""
        asked = self.ask(person)
        return self.keys.approve(self.given(asked, self.sign(person, asked, lies)), self.session(person))

    def deny_with_key(self, person: str, reason: str = "not on staging yet") -> Any:
        """Deny with the key."""
        asked = self.ask(person, Decision.DENY)
        body = self.sign(person, asked)
        return self.keys.deny(self.given(asked, body, Decision.DENY, reason=reason), self.session(person))
