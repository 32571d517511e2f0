"""Security keys that are there from the start, enrolled by their own answers; and the way from Slack to their page."""

from __future__ import annotations

import json
from dataclasses import replace

from jenkins_mfa.core.binding import NONCE_BYTES, ActBinding, Purpose
from jenkins_mfa.core.credential import key_sha256
from jenkins_mfa.core.model import Commit, Entry
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.simulators.slack import Message, SlackSimulator
from jenkins_mfa.usecases import credentials
from jenkins_mfa.usecases.desk import Desk, commit_id

LABEL = "Simulated key"
OPERATOR = "demo"


def enrol(desk: Desk, party: RelyingParty, person: str, key: SecurityKey) -> None:
    """Give a person a key."""
    pages = WebAuthnKeys(party, "jenkins-mfa demo")
    now = desk.store.now()
    nonce = desk.randomness.bytes(NONCE_BYTES)
    binding = ActBinding(Purpose.REGISTER, nonce, OPERATOR, person, b"", now, now + 60_000)
    options = pages.registration_options(binding, desk.roster.name(person), ())
    made = pages.register(json.dumps(key.register(options, party.origin)).encode(), binding, now)
    record = desk.store.person(person)
    own, named = credentials.fresh(desk, person, made, now, label=LABEL)
    after = replace(record, version=record.version + 1, authenticators=(*record.authenticators, own))
    details: dict[str, str | int] = {
        "person": person,
        "authenticator": own.id,
        "kind": own.kind.value,
        "key_sha256": key_sha256(made.credential.spki),
        "reason": "root of trust",
    }
    entry = Entry("authenticator:enrolled", now, OPERATOR, details=details)
    desk.store.commit(Commit(commit_id("enrolled", own.id), (after, named), (entry,)))


def newest_link(slack: SlackSimulator, user: str) -> tuple[str, str] | None:
    """The newest button with an address that a person was given in private: the message's ts, and the address."""
    return max(((message.ts, url) for message in slack.ephemerals(user) for url in _links(message)), default=None)


def _links(message: Message) -> list[str]:
    elements = [element for block in message.blocks if block["type"] == "actions" for element in block["elements"]]
    return [element["url"] for element in elements if "url" in element]
