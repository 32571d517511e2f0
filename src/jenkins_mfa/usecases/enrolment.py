"""Enrolling over two channels (S11): the address that an administrator handed over, and a tap in the person's Slack.

A ticket goes one way: made, opened (turned in), vouched for (the tap), then one authenticator is proved and active.
Each step is a commit of the ticket's next version, so each happens once; either channel alone does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from jenkins_mfa.core import seal, totp
from jenkins_mfa.core.binding import NONCE_BYTES, ActBinding, Purpose
from jenkins_mfa.core.credential import key_sha256
from jenkins_mfa.core.model import (
    Alert,
    Authenticator,
    Commit,
    CredentialRecord,
    Entry,
    Factor,
    PersonRecord,
    TicketRecord,
)
from jenkins_mfa.errors import EvidenceError, Refusal, SealError, UnknownKeyError
from jenkins_mfa.usecases import credentials, eligible, loss, second_admin, tickets
from jenkins_mfa.usecases.desk import Desk, Who, commit_id
from jenkins_mfa.usecases.enroll import MOST
from jenkins_mfa.usecases.enrolment_stage import Stage, audited, entry_of, stage_of, ticket_of
from jenkins_mfa.usecases.security_keys import SecurityKeys
from jenkins_mfa.usecases.tickets import For

TRIES = 5  #: wrong codes, after which a new ticket is needed
MOST_OF = {Factor.TOTP: MOST, Factor.WEBAUTHN: 5}  #: authenticators of one person, by their kind
FULL = {Factor.TOTP: "enrolled_already", Factor.WEBAUTHN: "keys_enough"}  #: refusals of one more


@dataclass(frozen=True, slots=True)
class OwnActs(loss.OwnLoss):
    """What somebody's account alone may do about their own authenticators: end them all, say whether it is them who
    enrols on a page that is open, and open the page that shows them. `pages` is where the pages are; empty: nowhere.
    """

    pages: str = ""

    def page(self, person: str) -> str:
        """A one-time address of the page with their authenticators; empty where there are no pages. It passes through
        Slack, and changes nothing without an authenticator.
        """
        return tickets.address(self.pages, tickets.make(self.desk, For.OWN, person, person)[0]) if self.pages else ""

    def vouch(self, ticket_id: str, who: Who, yes: bool, cause: str) -> None:
        """It is them, or it is not: then the ticket ends, and ops are told. Raises Refusal, which is in the trail."""

        def attempt() -> None:
            now, ticket = self.desk.store.now(), ticket_of(self.desk, ticket_id)
            person = eligible.known(self.desk, who)
            if person.id != ticket.person:
                raise Refusal("ticket_of_another")
            eligible.active(self.desk, person)
            if stage_of(self.desk, ticket, now) is not Stage.OPENED:
                raise Refusal("ticket_over")
            after = replace(ticket, version=ticket.version + 1, vouched_at=now, done_at=0 if yes else now)
            entry = entry_of("ticket:vouched" if yes else "ticket:denied", ticket, person.id, now, via=who.via)
            told = Alert(
                f"enrol_denied:{ticket.id}", "enrol_denied", now, values={"person": person.id, "by": ticket.by}
            )
            alerts = () if yes else (told,)
            self.desk.store.commit(Commit(commit_id(cause, "vouch"), (after,), (entry,), alerts=alerts))

        audited(self.desk, ticket_id, who.via, cause, attempt)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The page: what the holder of the turned-in ticket does. Raises Refusal, which is in the trail."""

    desk: Desk
    keys: SecurityKeys

    def stage(self, ticket_id: str) -> Stage:
        """Where it stands now."""
        return stage_of(self.desk, ticket_of(self.desk, ticket_id), self.desk.store.now())

    def kinds(self, ticket_id: str) -> frozenset[Factor]:
        """What can be enrolled with it."""
        kind = ticket_of(self.desk, ticket_id).kind
        return frozenset({Factor(kind)} if kind else MOST_OF)

    def show(self, ticket_id: str) -> str:
        """The seed (base32) of a code app, shown once: nobody gets it a second time."""

        def attempt() -> str:
            ticket = self._vouched(ticket_id, Factor.TOTP)
            if ticket.sealed:
                raise Refusal("shown_before")
            room(loss.record_of(self.desk, ticket.person), Factor.TOTP)
            seed, authenticator = totp.seed_text(self.desk.randomness.bytes(totp.SEED_BYTES)), self._id()
            place = {"person": ticket.person, "authenticator": authenticator, "kind": Factor.TOTP.value}
            nonce = self.desk.randomness.bytes(seal.NONCE_BYTES)
            sealed = seal.seal(seed.encode(), keys=self.desk.keys.ring, nonce=nonce, **place)
            self._keep(replace(ticket, authenticator=authenticator, sealed=sealed))
            return seed

        return audited(self.desk, ticket_id, "web", self._cause(), attempt)

    def prove(self, ticket_id: str, code: str) -> Authenticator:
        """One code of the app makes it active. A wrong one is counted before it is told."""

        def attempt() -> Authenticator | totp.CodeRefusedError:
            ticket, now = self._vouched(ticket_id, Factor.TOTP), self.desk.store.now()
            seed = _seed(self.desk, ticket)
            try:
                step = totp.judge(seed=seed, code=code, now=now // 1000, last_step=0)
            except totp.CodeRefusedError as miss:
                tries = ticket.tries + (miss.code != "code_malformed")
                entry = entry_of("ticket:refused", ticket, ticket.person, now, reason=miss.code)
                self._keep(replace(ticket, tries=tries, done_at=now if tries >= TRIES else 0), entry)
                return miss
            made = Authenticator(
                ticket.authenticator, Factor.TOTP, ticket.sealed, since=now, last_used=now, last_step=step
            )
            return self._activate(ticket, made, now)

        found = audited(self.desk, ticket_id, "web", self._cause(), attempt)
        if isinstance(found, totp.CodeRefusedError):
            raise Refusal(found.code)
        return found

    def begin_key(self, ticket_id: str) -> dict[str, Any]:
        """What the browser needs to make a new key."""

        def attempt() -> dict[str, Any]:
            ticket = self._vouched(ticket_id, Factor.WEBAUTHN)
            record = loss.record_of(self.desk, ticket.person)
            room(record, Factor.WEBAUTHN)
            asked = replace(ticket, nonce=self.desk.randomness.hex(NONCE_BYTES), asked_at=self.desk.store.now())
            self._keep(asked)
            known = [credentials.of(self.desk, ticket.person, key) for key in credentials.keys_of(record)]
            return self.keys.registration_options(_binding(asked), self.desk.roster.name(ticket.person), known)

        return audited(self.desk, ticket_id, "web", self._cause(), attempt)

    def finish_key(self, ticket_id: str, body: bytes, label: str) -> Authenticator:
        """The browser has made it: the question is used up, then the answer judged, then the key is active."""

        def consume() -> TicketRecord:
            ticket = self._vouched(ticket_id, Factor.WEBAUTHN)
            if not ticket.nonce:
                raise Refusal("question_over")
            self._keep(replace(ticket, nonce=""))
            return ticket

        asked = audited(self.desk, ticket_id, "web", self._cause(), consume)

        def attempt() -> Authenticator:
            ticket, now = self._vouched(ticket_id, Factor.WEBAUTHN), self.desk.store.now()
            try:
                made = self.keys.register(body, _binding(asked), now)
            except EvidenceError as error:
                raise Refusal("key_unfit", {"problem": error.reason}) from None
            if self.desk.store.credential(credentials.record_id(made.credential.id)) is not None:
                raise Refusal("key_taken")
            key, named = credentials.fresh(self.desk, ticket.person, made, now, label=label)
            return self._activate(ticket, key, now, named, key_sha256(made.credential.spki))

        return audited(self.desk, ticket_id, "web", self._cause(), attempt)

    def _activate(
        self,
        ticket: TicketRecord,
        made: Authenticator,
        now: int,
        named: CredentialRecord | None = None,
        digest: str = "",
    ) -> Authenticator:
        """The authenticator counts from now on, or waits for a second administrator; the ticket is done. Told to its
        person and to ops.
        """
        waits_until = 0 if ticket.proof else second_admin.until(self.desk, now)
        made = replace(made, by=ticket.by, waits_until=waits_until)
        record = loss.record_of(self.desk, ticket.person)
        room(record, made.kind)
        # It took an administrator, two channels and a proof: that ends a lock-out, as at the operator's terminal.
        after = second_admin.added(record, made, ends_lock=not ticket.proof)
        done = replace(ticket, version=ticket.version + 1, done_at=now, sealed="", nonce="")
        about = {"authenticator": made.id, "kind": made.kind.value, "by": ticket.by}
        about |= second_admin.told(made) | ({"key_sha256": digest} if digest else {})
        entry = Entry("authenticator:enrolled", now, ticket.person, details={"person": ticket.person, **about})
        alerts = second_admin.announced(self.desk, ticket.person, made, ticket.by, now)
        records = (after, done, *((named,) if named else ()))
        self.desk.store.commit(Commit(commit_id("enrolled", made.id), records, (entry,), (), alerts))
        return made

    def _vouched(self, ticket_id: str, kind: Factor) -> TicketRecord:
        ticket = ticket_of(self.desk, ticket_id)
        stage = stage_of(self.desk, ticket, self.desk.store.now())
        if stage is Stage.OPENED:
            raise Refusal("not_vouched")
        if stage is Stage.OVER:
            raise Refusal("ticket_over")
        if ticket.kind not in {"", kind}:
            raise Refusal("other_kind")
        return ticket

    def _keep(self, ticket: TicketRecord, *entries: Entry) -> None:
        after = replace(ticket, version=ticket.version + 1)
        cause = commit_id("enrolment", ticket.id, self._cause())
        self.desk.store.commit(Commit(cause, (after,), entries))

    def _id(self) -> str:
        return f"a_{self.desk.randomness.hex(8)}"

    def _cause(self) -> str:
        return self.desk.randomness.hex(16)


def room(record: PersonRecord, kind: Factor) -> None:
    """Raises Refusal where the person has as many of a kind as anybody may."""
    if len(record.kept(kind)) >= MOST_OF[kind]:
        raise Refusal(FULL[kind])


def _seed(desk: Desk, ticket: TicketRecord) -> str:
    if not ticket.sealed:
        raise Refusal("not_shown")
    place = {"person": ticket.person, "authenticator": ticket.authenticator, "kind": Factor.TOTP.value}
    try:
        return seal.unseal(ticket.sealed, keys=desk.keys.ring, **place).decode()
    except (SealError, UnknownKeyError):
        raise Refusal("authenticator_damaged") from None


def _binding(ticket: TicketRecord) -> ActBinding:
    """What the new key signs: this ticket, this person, this question."""
    nonce = bytes.fromhex(ticket.nonce)
    return ActBinding(Purpose.REGISTER, nonce, ticket.id, ticket.person, b"", ticket.asked_at, ticket.expires)
