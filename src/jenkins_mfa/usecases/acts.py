"""What administrators do in the messenger takes a factor of theirs: an account there alone is not enough (T4).

The table ACTS has one line for each act. An act is begun, which asks for a code or a key, and takes effect with the
answer, in one commit with the code's time step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from jenkins_mfa.core.model import Act, Authenticator, Commit, Entry, Factor, PersonRecord
from jenkins_mfa.core.policy import Person
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import codes, eligible
from jenkins_mfa.usecases.desk import Desk, Who, commit_id, decide, whole
from jenkins_mfa.usecases.holds import release
from jenkins_mfa.usecases.loss import lost
from jenkins_mfa.usecases.unlock import unlock

T = TypeVar("T")

#: (desk, target, by, cause, now) → what is to be committed; its first entry is the act's. Raises Refusal where there is
#: nothing to do. `by` is a roster id; it may be called several times for one act, so it changes nothing itself.
Effect = Callable[[Desk, str, str, str, int], Commit]
ACTS: Mapping[str, Effect] = {"unlock": unlock, "release": release, "lost": lost}


@dataclass(frozen=True, slots=True)
class NeedsCode:
    """A code is asked for; this challenge takes it, for this act alone, until `expires` (ms UTC)."""

    act: Act
    challenge_id: str
    expires: int


@dataclass(frozen=True, slots=True)
class NeedsKey:
    """A security key is asked for, as the administrator `person` (roster id) has no code app."""

    act: Act
    person: str


@dataclass(frozen=True, slots=True)
class Acts:
    """The acts of administrators. What is not done is a Refusal with its code, and stands in the trail."""

    desk: Desk

    def begin(self, act: Act, who: Who, cause: str) -> NeedsCode | NeedsKey:
        """Ask for a factor, where `who` may do this and there is something to do."""

        def attempt() -> NeedsCode | NeedsKey:
            now = self.desk.store.now()
            person = self._administrator(eligible.known(self.desk, who))
            self._effect(act, person, cause, now)
            record = whole(self.desk, lambda: self.desk.store.person(person.id))
            if record is not None and not record.usable(Factor.TOTP) and record.usable(Factor.WEBAUTHN):
                return NeedsKey(act, person.id)
            issued = codes.issue(self.desk, act, person.id, cause, now)
            return NeedsCode(act, issued.id, issued.expires)

        return self._audited(act, who, cause, attempt)

    def finish(self, act: Act, challenge_id: str, who: Who, code: str, cause: str) -> Act:
        """A code was typed into the form that `challenge_id` opened for this act."""

        def attempt() -> Act:
            now = self.desk.store.now()
            person = self._administrator(eligible.known(self.desk, who))
            # First: a code that matches is always used up, so that nobody learns which one does.
            effect = self._effect(act, person, cause, now)
            record, used, step = codes.judge(self.desk, act, person.id, challenge_id, code, cause, now)
            proof: dict[str, str | int] = {
                "factor": Factor.TOTP.value,
                "authenticator": used.id,
                "step": step,
                "via": who.via,
            }
            return self._done(act, effect, record, proof)

        return self._audited(act, who, cause, attempt)

    def keyed(self, act: Act, record: PersonRecord, used: Authenticator, via: str, cause: str) -> Act:
        """The key `used` has signed this act: `record` is the administrator's, one version on, with the ceremony
        consumed and the key's count. Whoever calls has verified the signature; `via` says where it came from.

        Raises StoreConflictError when the record was overtaken: the caller reads it again.
        """
        try:
            person = self._administrator(self.desk.roster.people.get(record.person))
            effect = self._effect(act, person, cause, self.desk.store.now())
            return self._done(act, effect, record, _proof(used.kind, used.id, via))
        except Refusal as refusal:
            self._refused(act, record.person, via, refusal, cause)
            raise

    def _administrator(self, person: Person | None) -> Person:
        """The same person, who may act as one now. Who stands in for an administrator is none."""
        in_force = self.desk.rules.now
        if person is None or person.id not in in_force.roster.named(in_force.policy.administrators):
            raise Refusal("not_administrator")
        return eligible.active(self.desk, person)

    def _effect(self, act: Act, person: Person, cause: str, now: int) -> Commit:
        effect = ACTS.get(act.name)
        if effect is None:
            raise Refusal("unknown_act")
        return effect(self.desk, act.target, person.id, cause, now)

    def _done(self, act: Act, effect: Commit, record: PersonRecord, proof: Mapping[str, str | int]) -> Act:
        """The effect, the administrator's record, and by what they proved it, in one commit."""
        first, *more = effect.entries
        proved = replace(first, details={**first.details, **proof})
        self.desk.store.commit(replace(effect, records=(*effect.records, record), entries=(proved, *more)))
        return act

    def _audited(self, act: Act, who: Who, cause: str, attempt: Callable[[], T]) -> T:
        """Decide, and put a refusal into the trail before it is told."""
        try:
            return decide(attempt)
        except codes.CountedMissError:
            raise
        except Refusal as refusal:
            person = self.desk.roster.find(who.issuer, who.subject)
            self._refused(act, person.id if person else who.via, who.via, refusal, cause)
            raise

    def _refused(self, act: Act, actor: str, via: str, refusal: Refusal, cause: str) -> None:
        details: dict[str, str | int] = {"act": act.name, "target": act.target, "reason": refusal.code, "via": via}
        entry = Entry("answer:refused", self.desk.store.now(), actor, details=details)
        self.desk.store.commit(Commit(commit_id("refused", cause, actor, act.name, act.target), (), (entry,)))


def _proof(factor: Factor, authenticator: str, via: str) -> dict[str, str | int]:
    """What the trail says about how an administrator proved an act."""
    return {"factor": factor.value, "authenticator": authenticator, "via": via}
