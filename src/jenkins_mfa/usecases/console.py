"""Visits to the console: who has signed in there looks around for some hours, and acts with a factor each time.

A visit is kept in the store as a ticket that its own person has turned in, so that it ends for good at the sign-out,
and with whatever ends tickets: what its person answers with is called lost, they leave the roster, an older store is
taken up. So it does where the roster has another account for them than the one that it was begun with. The browser has
the token, the store its SHA-256.
"""

from __future__ import annotations

import base64
import enum
import hashlib
from dataclasses import dataclass, replace

from jenkins_mfa.core.model import Commit, Entry, Factor, TicketRecord
from jenkins_mfa.core.policy import Person
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import eligible, tickets
from jenkins_mfa.usecases.desk import Desk, Who, commit_id, decide, whole

USE = "console"  #: in the trail, and the purpose of the records
IDENTITY = "proxy:user"  #: the roster's issuer of whom a reverse proxy names
LIFETIME = 28_800_000  #: ms: eight hours, a working day
TOKEN_BYTES = 32


class Way(enum.StrEnum):
    """How somebody has signed in."""

    MESSENGER = "messenger"  #: with their account there
    PROXY = "proxy"  #: a reverse proxy names them
    KEY = "key"  #: with a passkey


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody (roster id) who has signed in, until `expires` (ms UTC); `id` is of the visit."""

    id: str
    person: str
    way: Way
    expires: int


@dataclass(frozen=True, slots=True)
class Console:
    """Begins, finds and ends visits."""

    desk: Desk

    def named(self, way: Way, subject: str) -> str:
        """The roster id of an account at the messenger, or of whom a proxy names. Raises Refusal (`not_in_roster`)."""
        issuer = self.desk.messenger.issuer if way is Way.MESSENGER else IDENTITY
        return eligible.known(self.desk, Who(issuer, subject)).id

    def begin(self, person: str, way: Way, host: str) -> tuple[str, Visit]:
        """A token that nobody has had before, and the visit that it stands for; `host` is the address it came from.

        Raises Refusal for an account that may not answer. The messenger's silence keeps nobody out who has proved
        elsewhere who they are.
        """
        try:
            found = eligible.active(self.desk, eligible.known(self.desk, Who(USE, host, person)), self._via(way, host))
        except Refusal as refusal:
            self._note("session:refused", person, way, reason=refusal.code)
            raise
        token = base64.urlsafe_b64encode(self.desk.randomness.bytes(TOKEN_BYTES)).rstrip(b"=").decode()
        now = self.desk.store.now()
        begun = TicketRecord(
            _id(token), 1, USE, person, person, now, now + LIFETIME, used_at=now, proof=self._proof(found, way)
        )
        entry = Entry("session:begun", now, person, details={"person": person, "use": USE, "via": way.value})
        self.desk.store.commit(Commit(commit_id("visit", begun.id), (begun,), (entry,)))
        return token, _visit(begun)

    def find(self, token: str) -> Visit | None:
        """The visit that a token stands for, while it lasts; None for all else."""
        found = self._record(token) if token else None
        if found is None or found.done_at or self.desk.store.now() >= found.expires:
            return None
        person, visit = self.desk.roster.people.get(found.person), _visit(found)
        if person is None or found.proof != self._proof(person, visit.way) or tickets.called_lost(self.desk, found):
            return None
        return None if visit.way is Way.KEY and self._key_ended(found) else visit

    def end(self, token: str) -> None:
        """Sign out: whoever may have a copy of the token has nothing any more."""

        def attempt() -> None:
            found = self._record(token)
            if found is not None and not found.done_at:
                ended = replace(found, version=found.version + 1, done_at=self.desk.store.now())
                self.desk.store.commit(Commit(commit_id("visit-over", found.id), (ended,)))

        decide(attempt)

    def _record(self, token: str) -> TicketRecord | None:
        found = whole(self.desk, lambda: self.desk.store.ticket(_id(token)))
        return found if found is not None and found.purpose == USE else None

    def _proof(self, person: Person, way: Way) -> str:
        """What is kept of how somebody has signed in: with which account of the messenger, where it was with one. Who
        has another one by now is not who did.
        """
        account = person.identities.get(self.desk.messenger.issuer, "") if way is Way.MESSENGER else ""
        return f"{way.value}:{account}"

    def _key_ended(self, visit: TicketRecord) -> bool:
        """Whether a key of theirs was switched off since: it may be the one that let them in (S11)."""
        record = whole(self.desk, lambda: self.desk.store.person(visit.person))
        keys = (one for one in record.authenticators if one.kind is Factor.WEBAUTHN) if record else ()
        return record is None or any(max(one.revoked_at, one.suspended_at) >= visit.issued for one in keys)

    def _via(self, way: Way, host: str) -> str:
        return f"{self.desk.messenger.issuer}/" if way is Way.MESSENGER else f"{USE}/{host}"

    def _note(self, event: str, person: str, way: Way, **details: str) -> None:
        told: dict[str, str | int] = {"person": person, "use": USE, "via": way.value, **details}
        entry = Entry(event, self.desk.store.now(), person, details=told)
        self.desk.store.commit(Commit(commit_id(event, self.desk.randomness.hex(16)), (), (entry,)))


def _visit(record: TicketRecord) -> Visit:
    return Visit(record.id, record.person, Way(record.proof.partition(":")[0]), record.expires)


def _id(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
