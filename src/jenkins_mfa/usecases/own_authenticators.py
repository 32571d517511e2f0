"""Further authenticators, and their removal, take one that is there: at least as strong as the strongest that the
person has, and as the new one (S11; SP 800-63B-4, 4.1.2.1). A code vouches for no key.

A proof serves one act: a code's challenge and a key's question name it. What is proved happens in the same commit that
uses the code up, or stores the key's count: an authenticator is removed, or an enrolment of one kind stands open.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from jenkins_mfa.core.binding import NONCE_BYTES, ActBinding, Purpose
from jenkins_mfa.core.challenge import LIFETIME
from jenkins_mfa.core.model import Act, Ceremony, Commit, Entry, Factor, PersonRecord, TicketRecord
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import codes, credentials, eligible, enrolment, loss, questions, tickets
from jenkins_mfa.usecases.acts import refused
from jenkins_mfa.usecases.desk import Desk, Who, commit_id, decide
from jenkins_mfa.usecases.security_keys import SecurityKeys

T = TypeVar("T")


class Verb(enum.StrEnum):
    """Names of these acts. What is added is a kind (`totp`, `webauthn`), what is removed an authenticator's id."""

    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Asked:
    """A proof is asked for: `question` names it; `options` are for the key, and empty where a code is to be typed."""

    question: str
    options: dict[str, Any]


def needed(record: PersonRecord, act: Act) -> Factor:
    """The factor that proves this act.

    Raises Refusal where the person has no such one, or the act is none for them.
    """
    usable = [one.kind for one in record.authenticators if one.usable]
    if not usable:
        raise Refusal("nothing_to_prove")
    match act.name:
        case Verb.ADD:
            kinds = [*usable, _added(record, act)]
        case Verb.REMOVE:
            _removable(record, act.target)
            kinds = usable
        case _:
            raise Refusal("unknown_act")
    strongest = max(kinds, key=lambda kind: kind.strength)
    if strongest not in usable:
        raise Refusal("first_key")
    return strongest


def _added(record: PersonRecord, act: Act) -> Factor:
    kind = next((kind for kind in enrolment.MOST_OF if kind.value == act.target), None)
    if kind is None:
        raise Refusal("unknown_act")
    enrolment.room(record, kind)
    return kind


def _removable(record: PersonRecord, authenticator: str) -> None:
    usable = [one.id for one in record.authenticators if one.usable]
    if authenticator not in usable:
        raise Refusal("not_yours")
    if len(usable) == 1:
        raise Refusal("last_one")


@dataclass(frozen=True, slots=True)
class OwnAuthenticators:
    """Adding and removing. What is not done is a Refusal with its code, and stands in the trail."""

    desk: Desk
    keys: SecurityKeys

    def begin(self, act: Act, who: Who, key_id: str) -> Asked:
        """Ask for a proof: a code, or the key `key_id` of theirs."""
        cause = self.desk.randomness.hex(NONCE_BYTES)

        def attempt() -> Asked:
            now, record = self.desk.store.now(), self._record(who)
            if needed(record, act) is Factor.TOTP:
                return Asked(codes.issue(self.desk, act, record.person, cause, now).id, {})
            asked = Ceremony(cause, Purpose.MANAGE, key_id, now, now + LIFETIME, act=act, session=who.session)
            return self._ask_key(record, act, asked)

        return self._audited(act, who, attempt)

    def finish(self, act: Act, question: str, who: Who, proof: str) -> TicketRecord | None:
        """The proof: a code, or a key's answer as the browser wrote it. Returns the enrolment that ADD opens."""
        if self._audited(act, who, lambda: needed(self._record(who), act)) is Factor.TOTP:
            return self._audited(act, who, lambda: self._by_code(act, question, who, proof))
        ceremony = self._audited(act, who, lambda: self._consumed(act, question, who))
        return self._audited(act, who, lambda: self._by_key(act, ceremony, who, proof.encode(errors="replace")))

    def _by_code(self, act: Act, question: str, who: Who, code: str) -> TicketRecord | None:
        now, stored = self.desk.store.now(), self._record(who)
        if needed(stored, act) is not Factor.TOTP:
            raise Refusal("question_over")
        cause = self.desk.randomness.hex(16)
        after, used, step = codes.judge(self.desk, act, stored.person, question, code, cause, now)
        return self._done(act, after, {"factor": used.kind.value, "proof": used.id, "step": step, "via": who.via}, now)

    def _by_key(self, act: Act, ceremony: Ceremony, who: Who, body: bytes) -> TicketRecord | None:
        now, stored = self.desk.store.now(), self._record(who)
        needed(stored, act)
        key = credentials.key_of(stored, ceremony.credential)
        binding = _binding(ceremony, act, stored.person, credentials.counting(self.desk, stored.person, key).id)
        proved = credentials.judged(self.desk, self.keys, binding, stored, key, body, now)
        after = credentials.used(stored, key, proved.counter, now)
        proof = {"factor": key.kind.value, "proof": key.id, "via": who.via}
        return self._done(act, after, {**proof, "evidence": credentials.evidence_of(binding, proved)}, now)

    def _ask_key(self, record: PersonRecord, act: Act, asked: Ceremony) -> Asked:
        """The question is kept before it is handed out."""
        key = credentials.key_of(record, asked.credential)
        credential = credentials.counting(self.desk, record.person, key)
        questions.ask(self.desk, record, asked)
        binding = _binding(asked, act, record.person, credential.id)
        return Asked(asked.nonce, self.keys.assertion_options(binding, (credential,)))

    def _consumed(self, act: Act, nonce: str, who: Who) -> Ceremony:
        def fits(asked: Ceremony) -> bool:
            return (asked.purpose, asked.act) == (Purpose.MANAGE, act)

        return questions.consume(self.desk, self._record(who), who, nonce, fits)

    def _done(self, act: Act, record: PersonRecord, proof: Mapping[str, str | int], now: int) -> TicketRecord | None:
        """The act, and what the proof has used up (`record`, one version on), in one commit."""
        if act.name == Verb.REMOVE:
            effect = loss.removed(self.desk, replace(record, version=record.version - 1), act.target, now)
            first, *more = effect.entries
            self.desk.store.commit(replace(effect, entries=(_proved(first, proof), *more)))
            return None
        opened, entry = tickets.proved(self.desk, record.person, Factor(act.target), str(proof["proof"]), now)
        cause = commit_id("proved", opened.id)
        self.desk.store.commit(Commit(cause, (record, opened), (_proved(entry, proof),)))
        return opened

    def _record(self, who: Who) -> PersonRecord:
        """What is stored of who acts, and may act."""
        person = eligible.active(self.desk, eligible.known(self.desk, who))
        return credentials.record_of(self.desk, person.id)

    def _audited(self, act: Act, who: Who, attempt: Callable[[], T]) -> T:
        """Decide, and put a refusal into the trail before it is told."""
        try:
            return decide(attempt)
        except codes.CountedMissError:
            raise
        except Refusal as refusal:
            refused(self.desk, act, who.person, who.via, refusal, self.desk.randomness.hex(16))
            raise


def _binding(ceremony: Ceremony, act: Act, person: str, credential: bytes) -> ActBinding:
    """What the key signs: this act, by this person, with this key."""
    subject, nonce = f"{act.name} {act.target}", bytes.fromhex(ceremony.nonce)
    return ActBinding(Purpose.MANAGE, nonce, subject, person, credential, ceremony.issued, ceremony.expires)


def _proved(entry: Entry, proof: Mapping[str, str | int]) -> Entry:
    return replace(entry, details={**entry.details, **proof})
