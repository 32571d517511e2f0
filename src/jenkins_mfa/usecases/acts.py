"""What administrators do in the messenger takes a factor of theirs: an account there alone is not enough (T4).

The table ACTS has one line for each act. An act is begun, which asks for a code, or leads to the act's own page
(act_page.py); it takes effect with the answer, in one commit with what the answer uses up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from jenkins_mfa.core.model import Act, Authenticator, Commit, Entry, Factor, PersonRecord, Record
from jenkins_mfa.core.policy import Person
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import codes, eligible, second_admin, tickets
from jenkins_mfa.usecases.desk import Desk, Who, commit_id, decide, person_of
from jenkins_mfa.usecases.holds import release
from jenkins_mfa.usecases.invite import invite
from jenkins_mfa.usecases.loss import lost
from jenkins_mfa.usecases.tickets import For
from jenkins_mfa.usecases.unlock import unlock

T = TypeVar("T")

#: (desk, target, by, cause, now) → what is to be committed, whose first entry is the act's, and the token of an
#: invitation, else empty. Raises Refusal where there is nothing to do. `by` is a roster id; it may be called several
#: times for one act, so it changes nothing itself.
Effect = Callable[[Desk, str, str, str, int], tuple[Commit, str]]


def _quiet(effect: Callable[[Desk, str, str, str, int], Commit]) -> Effect:
    """An act that has no token."""
    return lambda desk, target, by, cause, now: (effect(desk, target, by, cause, now), "")


INVITE = "invite"  #: it is done on a page alone: its address is never shown in the messenger
ACTS: Mapping[str, Effect] = {
    "unlock": _quiet(unlock),
    "release": _quiet(release),
    "lost": _quiet(lost),
    INVITE: invite,
    second_admin.CONFIRM: _quiet(second_admin.confirm),
}


@dataclass(frozen=True, slots=True)
class NeedsCode:
    """A code is asked for; this challenge takes it, for this act alone, until `expires` (ms UTC)."""

    act: Act
    challenge_id: str
    expires: int


@dataclass(frozen=True, slots=True)
class NeedsPage:
    """The act's page takes a key or a code: at this one-time address, until `expires` (ms UTC)."""

    act: Act
    address: str = field(repr=False)
    expires: int


@dataclass(frozen=True, slots=True)
class Acts:
    """The acts of administrators. What is not done is a Refusal with its code, and stands in the trail. `pages` is
    where the pages are; empty where there are none.
    """

    desk: Desk
    pages: str = ""

    def begin(self, wanted: Act, who: Who, cause: str) -> NeedsCode | NeedsPage:
        """Ask for a factor, where `who` may do this and there is something to do. Who has a key gets the page, which
        either; who has a code app alone a form. What is asked names the act as it is meant: `confirm` of a person is
        that of one authenticator of theirs.
        """

        def attempt() -> NeedsCode | NeedsPage:
            now, act = self.desk.store.now(), self._meant(wanted, who)
            person = self.possible(act, who, cause)
            if act.name == INVITE and not self.pages:
                raise Refusal("no_invitations", {"target": act.target})
            record = codes.record_of(self.desk, person.id)
            app, key = record.usable(Factor.TOTP), record.usable(Factor.WEBAUTHN)
            if self.pages and (key or (app and act.name == INVITE)):
                return self._page(act, person.id)
            if key and not app:
                raise Refusal("key_alone", {"act": act.name, "target": act.target})
            issued = codes.issue(self.desk, act, person.id, cause, now)
            return NeedsCode(act, issued.id, issued.expires)

        return self.audited(wanted, who, cause, attempt)

    def finish(self, act: Act, challenge_id: str, who: Who, code: str, cause: str) -> None:
        """A code was typed into the form that `challenge_id` opened for this act."""
        self.audited(act, who, cause, lambda: self.coded(act, challenge_id, who, code, cause))

    def possible(self, act: Act, who: Who, cause: str) -> Person:
        """The administrator who may do this now, where there is something to do. Raises Refusal; nothing is stored."""
        person = self._administrator(eligible.known(self.desk, who))
        self._effect(act, person, cause, self.desk.store.now())
        return person

    def coded(self, act: Act, challenge_id: str, who: Who, code: str, cause: str, *more: Record) -> str:
        """A code was typed for this act; `more` is committed with it. Returns an invitation's token, else nothing.

        Refusals are for the caller to put into the trail (`audited`), as with `keyed`.
        """
        now = self.desk.store.now()
        person = self._administrator(eligible.known(self.desk, who))
        # First: a code that matches is always used up, so that nobody learns which one does.
        effect = self._effect(act, person, cause, now)
        record, used, step = codes.judge(self.desk, act, person.id, challenge_id, code, cause, now)
        return self._done(effect, (record, *more), {**_proof(used, who.via), "step": step})

    def keyed(
        self, act: Act, record: PersonRecord, used: Authenticator, evidence: str, who: Who, cause: str, *more: Record
    ) -> str:
        """The key `used` has signed this act: `record` is the administrator's, one version on, with the key's count.
        Whoever calls has consumed the question and verified the signature, of which `evidence` is kept. Otherwise as
        `coded`.

        Raises StoreConflictError when the record was overtaken: the caller reads it again.
        """
        person = self._administrator(self.desk.roster.people.get(record.person))
        effect = self._effect(act, person, cause, self.desk.store.now())
        return self._done(effect, (record, *more), {**_proof(used, who.via), "evidence": evidence})

    def _meant(self, wanted: Act, who: Who) -> Act:
        if wanted.name != second_admin.CONFIRM:
            return wanted
        person = self._administrator(eligible.known(self.desk, who))
        return second_admin.meant(self.desk, wanted.target, person.id, self.desk.store.now())

    def _page(self, act: Act, person: str) -> NeedsPage:
        """A one-time address of the act's page. It passes through Slack, and is of no use without the factor."""
        token, ticket = tickets.make(self.desk, For.ACT, person, person, act=act)
        return NeedsPage(act, tickets.address(self.pages, token), ticket.expires)

    def _administrator(self, person: Person | None) -> Person:
        """The same person, who may act as one now. Who stands in for an administrator is none."""
        in_force = self.desk.rules.now
        if person is None or person.id not in in_force.roster.named(in_force.policy.administrators):
            raise Refusal("not_administrator")
        return eligible.active(self.desk, person)

    def _effect(self, act: Act, person: Person, cause: str, now: int) -> tuple[Commit, str]:
        effect = ACTS.get(act.name)
        if effect is None:
            raise Refusal("unknown_act")
        return effect(self.desk, act.target, person.id, cause, now)

    def _done(self, effect: tuple[Commit, str], records: tuple[Record, ...], proof: Mapping[str, str | int]) -> str:
        """The effect, the administrator's record, and by what they proved it, in one commit."""
        commit, token = effect
        first, *more = commit.entries
        proved = replace(first, details={**first.details, **proof})
        self.desk.store.commit(replace(commit, records=(*commit.records, *records), entries=(proved, *more)))
        return token

    def audited(self, act: Act, who: Who, cause: str, attempt: Callable[[], T]) -> T:
        """Decide, and put a refusal into the trail before it is told."""
        try:
            return decide(attempt)
        except codes.CountedMissError:
            raise
        except Refusal as refusal:
            person = person_of(self.desk, who)
            refused(self.desk, act, person.id if person else who.via, who.via, refusal, cause)
            raise


def refused(desk: Desk, act: Act, actor: str, via: str, refusal: Refusal, cause: str) -> None:
    """Put into the trail that an act was not done, and why."""
    details: dict[str, str | int] = {"act": act.name, "target": act.target, "reason": refusal.code, "via": via}
    details |= {"problem": refusal.values["problem"]} if "problem" in refusal.values else {}
    entry = Entry("answer:refused", desk.store.now(), actor, details=details)
    desk.store.commit(Commit(commit_id("refused", cause, actor, act.name, act.target), (), (entry,)))


def _proof(used: Authenticator, via: str) -> dict[str, str | int]:
    """What the trail says about how an administrator proved an act."""
    return {"factor": used.kind.value, "proof": used.id, "via": via}
