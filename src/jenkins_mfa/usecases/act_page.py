"""The page of an administrator's act: its ticket names act and target, and serves them once, by a key or by a code.

The question to a key is kept in the ticket, and taken out by a commit of its own before its answer is looked at (S7).
Whatever proves the act ends the ticket in the act's own commit.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from jenkins_mfa.core.binding import NONCE_BYTES, ActBinding, Purpose
from jenkins_mfa.core.model import Act, Authenticator, Commit, Factor, TicketRecord
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import codes, credentials, tickets
from jenkins_mfa.usecases.acts import Acts
from jenkins_mfa.usecases.desk import Desk, Who, commit_id, whole
from jenkins_mfa.usecases.security_keys import SecurityKeys


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows: the act, what can prove it, and why it cannot be done now."""

    act: Act
    keys: tuple[Authenticator, ...]
    codes: bool
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Done:
    """What was done; `token` is an invitation's, for whoever made it alone, else empty."""

    act: Act
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ActPage:
    """What the holder of a turned-in ticket does. What is not done is a Refusal, and stands in the trail."""

    desk: Desk
    keys: SecurityKeys

    def look(self, ticket_id: str, who: Who) -> Shown:
        """How it stands now; nothing is stored. Raises Refusal: `page_over`."""
        _, act = self._open(ticket_id, who)
        record = credentials.record_of(self.desk, who.person)
        refusal = None
        try:
            self._acts.possible(act, who, "")
        except Refusal as found:
            refusal = found
        return Shown(act, credentials.keys_of(record), record.usable(Factor.TOTP) is not None, refusal)

    def begin(self, ticket_id: str, who: Who, key_id: str) -> dict[str, Any]:
        """Ask the administrator's key: options for the browser. A question that stands is replaced."""
        _, act = self._open(ticket_id, who)

        def attempt() -> dict[str, Any]:
            ticket, act = self._open(ticket_id, who)
            self._acts.possible(act, who, "")
            key = credentials.key_of(credentials.record_of(self.desk, ticket.person), key_id)
            credential = credentials.counting(self.desk, ticket.person, key)
            nonce, now = self.desk.randomness.hex(NONCE_BYTES), self.desk.store.now()
            asked = replace(ticket, nonce=nonce, asked_at=now, authenticator=key.id)
            self._keep(asked)
            return self.keys.assertion_options(_binding(asked, act, credential.id), (credential,))

        return self._acts.audited(act, who, self._cause(), attempt)

    def sign(self, ticket_id: str, who: Who, body: bytes) -> Done:
        """The key has answered: the question is used up, then the answer judged."""
        cause = self._cause()
        _, act = self._open(ticket_id, who)

        def consume() -> TicketRecord:
            ticket, _ = self._open(ticket_id, who)
            if not ticket.nonce:
                raise Refusal("question_over")
            self._keep(replace(ticket, nonce=""))
            return ticket

        asked = self._acts.audited(act, who, cause, consume)

        def attempt() -> Done:
            ticket, act = self._open(ticket_id, who)
            now, record = self.desk.store.now(), credentials.record_of(self.desk, ticket.person)
            key = credentials.key_of(record, asked.authenticator)
            binding = _binding(asked, act, credentials.counting(self.desk, ticket.person, key).id)
            proved = credentials.judged(self.desk, self.keys, binding, record, key, body, now)
            after, kept = credentials.used(record, key, proved.counter, now), credentials.evidence_of(binding, proved)
            return Done(act, self._acts.keyed(act, after, key, kept, who, cause, _ended(ticket, now)))

        return self._acts.audited(act, who, cause, attempt)

    def code(self, ticket_id: str, who: Who, code: str) -> Done:
        """A code was typed; misses count as everywhere (S4)."""
        cause = self._cause()
        _, act = self._open(ticket_id, who)

        def attempt() -> Done:
            ticket, act = self._open(ticket_id, who)
            self._acts.possible(act, who, cause)
            now = self.desk.store.now()
            asked = codes.issue(self.desk, act, ticket.person, f"act:{ticket.id}", now)
            return Done(act, self._acts.coded(act, asked.id, who, code, cause, _ended(ticket, now)))

        return self._acts.audited(act, who, cause, attempt)

    @property
    def _acts(self) -> Acts:
        return Acts(self.desk)

    def _open(self, ticket_id: str, who: Who) -> tuple[TicketRecord, Act]:
        """The ticket while something can be done with it, by its person alone, and its act."""
        ticket, now = whole(self.desk, lambda: self.desk.store.ticket(ticket_id)), self.desk.store.now()
        if ticket is None or ticket.act is None or ticket.person != who.person:
            raise Refusal("page_over")
        if ticket.done_at or not ticket.used_at or now >= ticket.expires or tickets.called_lost(self.desk, ticket):
            raise Refusal("page_over")
        return ticket, ticket.act

    def _keep(self, ticket: TicketRecord) -> None:
        after = replace(ticket, version=ticket.version + 1)
        self.desk.store.commit(Commit(commit_id("act-page", ticket.id, self._cause()), (after,)))

    def _cause(self) -> str:
        return self.desk.randomness.hex(16)


def _ended(ticket: TicketRecord, now: int) -> TicketRecord:
    return replace(ticket, version=ticket.version + 1, nonce="", done_at=now)


def _binding(asked: TicketRecord, act: Act, credential: bytes) -> ActBinding:
    """What the key signs: this act on this target, by this person. An act's name has no space in it."""
    nonce, subject = bytes.fromhex(asked.nonce), f"{act.name} {act.target}"
    return ActBinding(Purpose.ADMINISTER, nonce, subject, asked.person, credential, asked.asked_at, asked.expires)
