"""A person answers: a tap, a code, a denial. Judged on stored state, committed before anybody hears of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from jenkins_mfa.core.gate import Event, Kind, Refused, advance
from jenkins_mfa.core.model import Confirmation, Denial, Factor, Gate, State
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import codes, credentials, eligible, numbers, tickets
from jenkins_mfa.usecases.decisions import Counted, asked_of, audited, confirm, counted, deny_run
from jenkins_mfa.usecases.desk import Desk, Who, apply, load
from jenkins_mfa.usecases.tickets import For


@dataclass(frozen=True, slots=True)
class NeedsCode:
    """A code is asked for; this challenge takes it until `expires` (ms UTC)."""

    gate: Gate
    challenge_id: str
    expires: int


@dataclass(frozen=True, slots=True)
class NeedsNumber:
    """The number that the run shows is asked for; this challenge takes it until `expires` (ms UTC)."""

    gate: Gate
    challenge_id: str
    expires: int


@dataclass(frozen=True, slots=True)
class NeedsTap:
    """A tap is enough, but only a command was typed: first it is shown what it would confirm."""

    gate: Gate


@dataclass(frozen=True, slots=True)
class NeedsKey:
    """A security key is asked for: `address` opens the gate's page, once, for this person alone, until `expires`."""

    gate: Gate
    address: str = field(repr=False)
    expires: int


Tapped = Counted | NeedsCode | NeedsNumber | NeedsTap | NeedsKey  #: what an Approve leads to


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers that people give. What does not count is a Refusal with its code, and stands in the trail.

    `cause` names the tap or submission (unique in the messenger): the same one delivered twice counts once. `pages` is
    where the pages for keys are; empty where there are none.
    """

    desk: Desk
    pages: str = ""

    def tap(self, jti: str, who: Who, cause: str, *, seen: bool = True) -> Tapped:
        """Approve was tapped: it counts at once where a tap is enough, and otherwise a challenge is issued.

        It was not `seen` what a tap confirms where somebody only typed a command: then that is shown first.
        """

        def attempt() -> Tapped:
            now = self.desk.store.now()
            gate = load(self.desk, jti)
            person, recorded = eligible.confirming(self.desk, gate, who, cause, now)
            if recorded:
                return counted(gate)
            asked = asked_of(gate, person.id)
            if asked is Factor.PUSH:
                if not seen:
                    return NeedsTap(gate)
                return confirm(self.desk, gate, Confirmation(person.id, Factor.PUSH, now, who.via, cause))
            if asked is Factor.PUSH_NUMBER:
                number = numbers.issue(self.desk, gate, person.id, cause, now)
                return NeedsNumber(gate, number.id, number.expires)
            if asked is Factor.WEBAUTHN or self._has_only_a_key(person.id):
                return self._key_page(gate, person.id)
            issued = codes.issue(self.desk, gate, person.id, cause, now)
            return NeedsCode(gate, issued.id, issued.expires)

        return audited(self.desk, jti, who, cause, attempt)

    def _has_only_a_key(self, person: str) -> bool:
        """Stronger counts for weaker: who has no code app answers with the key."""
        record = credentials.record_of(self.desk, person)
        return record.usable(Factor.TOTP) is None and bool(credentials.keys_of(record))

    def _key_page(self, gate: Gate, person: str) -> NeedsKey:
        """A one-time address of the gate's page. It passes through Slack, and is of no use without the key."""
        if not self.pages:
            raise Refusal("no_pages")
        if not credentials.keys_of(credentials.record_of(self.desk, person)):
            raise Refusal("no_key_yet")
        token, ticket = tickets.make(self.desk, For.ANSWER, person, person, until=gate.deadline, gate=gate)
        return NeedsKey(gate, tickets.address(self.pages, token), ticket.expires)

    def code(self, jti: str, challenge_id: str, who: Who, code: str, cause: str) -> Counted:
        """A code was typed into the form that `challenge_id` opened."""

        def attempt() -> Counted:
            now = self.desk.store.now()
            gate = load(self.desk, jti)
            person, recorded = eligible.confirming(self.desk, gate, who, cause, now)
            if recorded:
                return counted(gate)
            # More may be asked by now than when the form opened.
            if asked_of(gate, person.id) is Factor.WEBAUTHN:
                raise Refusal("challenge_over")
            record, used, step = codes.judge(self.desk, gate, person.id, challenge_id, code, cause, now)
            confirmation = Confirmation(person.id, Factor.TOTP, now, who.via, cause, used.id, step)
            return confirm(self.desk, gate, confirmation, record)

        return audited(self.desk, jti, who, cause, attempt, Factor.TOTP)

    def number(self, jti: str, challenge_id: str, who: Who, number: str, cause: str) -> Counted:
        """A number was typed into the form that `challenge_id` opened."""

        def attempt() -> Counted:
            now = self.desk.store.now()
            gate = load(self.desk, jti)
            person, recorded = eligible.confirming(self.desk, gate, who, cause, now)
            if recorded:
                return counted(gate)
            # More may be asked by now than when the form opened.
            if asked_of(gate, person.id).strength > Factor.PUSH_NUMBER.strength:
                raise Refusal("challenge_over")
            record = numbers.judge(self.desk, gate, person.id, challenge_id, number, cause, now)
            confirmation = Confirmation(person.id, Factor.PUSH_NUMBER, now, who.via, cause)
            return confirm(self.desk, gate, confirmation, record)

        return audited(self.desk, jti, who, cause, attempt, Factor.PUSH_NUMBER)

    def may_deny(self, jti: str, who: Who) -> Gate:
        """The gate, if this account may deny it now; else Refusal."""
        gate = load(self.desk, jti)
        eligible.denying(self.desk, gate, who, self.desk.store.now())
        return gate

    def deny(self, jti: str, who: Who, reason: str, report: bool, cause: str) -> Gate:
        """Deny with a reason. It holds for the whole run: its other open gates are denied in the same step."""

        def attempt() -> Gate:
            now = self.desk.store.now()
            gate = load(self.desk, jti)
            if gate.denial is not None and gate.denial.cause == cause:
                self.desk.store.confirm(gate)
                return gate
            person = eligible.denying(self.desk, gate, who, now)
            tapped = Factor.PUSH if eligible.through_messenger(self.desk, who.via) else None
            return deny_run(self.desk, gate, Denial(now, person.id, reason, cause, who.via, report), tapped)

        return audited(self.desk, jti, who, cause, attempt)

    def retract(self, jti: str, who: Who, cause: str) -> Gate:
        """Take one's own confirmation back, until a proceed is claimed. No account is looked at: nothing is let pass,
        and whoever may no longer answer must not be kept to an answer.
        """

        def attempt() -> Gate:
            now = self.desk.store.now()
            gate = load(self.desk, jti)
            person = eligible.known(self.desk, who)
            mine = next((c for c in gate.confirmations if c.person == person.id), None)
            if mine is None:
                raise Refusal("not_confirmed")
            if gate.state in {State.PENDING, State.APPROVED} and now >= gate.deadline:
                raise Refusal("deadline")
            keep = frozenset(c.person for c in gate.confirmations) - {person.id}
            taken = replace(mine, via=who.via)
            step = advance(gate, Event(Kind.RETRACTED, now, person.id, cause, confirmation=taken, keep=keep))
            if isinstance(step, Refused):
                raise Refusal(step.code)
            return apply(self.desk, cause, step)

        return audited(self.desk, jti, who, cause, attempt)
