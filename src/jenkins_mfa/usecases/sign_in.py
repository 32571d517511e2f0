"""Signing in to the pages with a passkey: nobody says a name, the key does.

Nothing is stored when somebody begins, since strangers may: the question is signed and handed out. Its answer uses it
up by a record of its own, which can be made once only, before it is judged (S7).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from jenkins_mfa.core import base64url, seal
from jenkins_mfa.core.binding import NONCE_BYTES, ActBinding, Purpose
from jenkins_mfa.core.model import Commit, Entry, TicketRecord
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.errors import EvidenceError, Refusal, StoreConflictError
from jenkins_mfa.usecases import credentials, eligible
from jenkins_mfa.usecases.desk import Desk, Who, commit_id, decide, whole
from jenkins_mfa.usecases.security_keys import SecurityKeys

LIFETIME = 120_000  #: ms that a question is good for
USE = "sign-in"  #: in the trail, and the purpose of the records of used questions
ANYBODY = "anybody"  #: who is asked: the challenge of a sign-in names nobody (core/binding.py)


@dataclass(frozen=True, slots=True)
class Question:
    """`state` comes back with the answer; `options` are for the browser."""

    state: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SignIn:
    """The pages' sign-in. What does not count is a Refusal; it is in the trail where it names somebody's key."""

    desk: Desk
    keys: SecurityKeys
    party: RelyingParty

    def begin(self) -> Question:
        """A question for whoever has a passkey of this site."""
        binding = self._binding(self.desk.randomness.bytes(NONCE_BYTES), self.desk.store.now(), ANYBODY)
        state = f"{binding.nonce.hex()}.{binding.issued}"
        options = {
            "challenge": base64url.encode(binding.challenge),
            "rpId": self.party.id,
            "timeout": LIFETIME,
            "userVerification": "required",
            "allowCredentials": [],  # any: it is the key that says whose it is
        }
        return Question(f"{state}.{self._mac(state)}", options)

    def finish(self, state: str, body: bytes) -> str:
        """The roster id of whoever has signed the question. Raises Refusal."""
        nonce, issued = self._read(state)
        try:
            known = whole(self.desk, lambda: self.desk.store.credential(self._claimed(body)))
        except EvidenceError as error:
            raise Refusal("key_refused", {"problem": error.reason}) from None
        if known is None or known.person not in self.desk.roster.people:
            raise Refusal("key_unknown")
        try:
            self._consume(nonce, issued, known.person)
            self._judge(nonce, issued, known.person, known.authenticator, body)
        except Refusal as refusal:
            self._refused(known.person, refusal)
            raise
        return known.person

    def _claimed(self, body: bytes) -> str:
        return credentials.record_id(self.keys.claimed_id(body))

    def _consume(self, nonce: bytes, issued: int, person: str) -> None:
        """The record of a used question: a second one of its name is a conflict."""
        now = self.desk.store.now()
        name = hashlib.sha256(b"sign-in:" + nonce).hexdigest()
        used = TicketRecord(name, 1, USE, person, person, issued, issued + LIFETIME, used_at=now)
        try:
            self.desk.store.commit(Commit(commit_id("sign-in", self.desk.randomness.hex(16)), (used,)))
        except StoreConflictError:
            raise Refusal("question_over") from None

    def _judge(self, nonce: bytes, issued: int, person: str, key_id: str, body: bytes) -> None:
        def attempt() -> None:
            now, record = self.desk.store.now(), credentials.record_of(self.desk, person)
            key = credentials.key_of(record, key_id)
            # The messenger's silence keeps nobody out: the pages are there for that, too.
            eligible.active(self.desk, eligible.known(self.desk, Who(USE, "", person)), USE)
            binding = self._binding(nonce, issued, person)
            proved = credentials.judged(self.desk, self.keys, binding, record, key, body, now)
            after = credentials.used(record, key, proved.counter, now)
            details: dict[str, str | int] = {"person": person, "use": USE, "authenticator": key.id}
            entry = Entry("session:begun", now, person, details=details)
            self.desk.store.commit(Commit(commit_id("signed-in", nonce.hex(), str(after.version)), (after,), (entry,)))

        decide(attempt)

    def _binding(self, nonce: bytes, issued: int, person: str) -> ActBinding:
        return ActBinding(Purpose.SIGN_IN, nonce, self.party.origin, person, b"", issued, issued + LIFETIME)

    def _read(self, state: str) -> tuple[bytes, int]:
        """What was handed out, in time. Raises Refusal for what was not."""
        text, _, given = state.rpartition(".")
        nonce, _, issued = text.partition(".")
        if not seal.check_mac(given, self._mac(text)):
            raise Refusal("question_over")
        if self.desk.store.now() >= int(issued) + LIFETIME:
            raise Refusal("question_over")
        return bytes.fromhex(nonce), int(issued)

    def _mac(self, text: str) -> str:
        return seal.mac(seal.derive(self.desk.keys.mac_key, "sign-in"), "sign-in/v1", text)

    def _refused(self, person: str, refusal: Refusal) -> None:
        details: dict[str, str | int] = {"person": person, "use": USE, "reason": refusal.code}
        details |= {"problem": refusal.values["problem"]} if "problem" in refusal.values else {}
        entry = Entry("session:refused", self.desk.store.now(), person, details=details)
        self.desk.store.commit(Commit(commit_id("sign-in-refused", self.desk.randomness.hex(16)), (), (entry,)))
