"""`/mfa me` and `/mfa lost`: what the person who types has enrolled, and that it is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from jenkins_mfa.core.model import Gate, PersonRecord
from jenkins_mfa.errors import DamagedError
from jenkins_mfa.slack.payloads import Typed
from jenkins_mfa.slack.replies import Sentences
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.loss import Ended
from jenkins_mfa.words import enrolment
from jenkins_mfa.words.parts import Parts


class Own(Protocol):
    """The use case (usecases/loss.py)."""

    def lose(self, who: Who) -> Ended:
        """Suspend all that this account's person answers with."""


class Records(Protocol):
    """What is read of people."""

    def now(self) -> int:
        """The store's clock in ms UTC."""

    def open_gates(self) -> list[Gate]:
        """All gates that are not settled, oldest first."""

    def person(self, person: str) -> PersonRecord:
        """A person's record. Raises DamagedError."""


@dataclass(frozen=True)
class OwnCommands:
    """Command → use case → the sentences that answer it. `me` is the roster id of who types."""

    use: Own
    reading: Records
    sentences: Sentences

    def show(self, me: str) -> list[Parts]:
        """Their authenticators, and what they can answer."""
        roster, gates = self.sentences.messenger.roster, self.reading.open_gates()
        try:
            record = self.reading.person(me)
        except DamagedError:
            return [enrolment.damaged()]
        return enrolment.me(roster.people[me], record, gates, roster, self.reading.now())

    def lose(self, typed: Typed) -> Parts:
        """Their phone or key is lost."""
        try:
            return enrolment.lost(len(self.use.lose(typed.who).gates))
        except Exception as error:  # noqa: BLE001  (a command always gets a sentence)
            return self.sentences.about(error, "", typed.who.subject)
