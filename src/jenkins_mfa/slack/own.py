"""What people do about their own authenticators: `/mfa me`, `/mfa lost`, and whether it is them who enrols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import structlog
from slack_bolt import Ack, Respond

from jenkins_mfa.core.model import Gate, PersonRecord
from jenkins_mfa.errors import DamagedError
from jenkins_mfa.slack import blocks, payloads
from jenkins_mfa.slack.blocks import Payload
from jenkins_mfa.slack.dialogs import account
from jenkins_mfa.slack.payloads import Body, Typed
from jenkins_mfa.slack.replies import Sentences, respond_privately
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.loss import Ended
from jenkins_mfa.words import enrolment, own
from jenkins_mfa.words.parts import Parts

log = structlog.get_logger()


class Own(Protocol):
    """The use case (usecases/enrolment.py)."""

    def lose(self, who: Who) -> Ended:
        """Suspend all that this account's person answers with."""

    def page(self, person: str) -> str:
        """A one-time address of the page with their authenticators; empty where there are no pages."""

    def vouch(self, ticket_id: str, who: Who, yes: bool, cause: str) -> None:
        """It is them who enrols now, or it is not."""


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

    def show(self, me: str) -> Payload:
        """Their authenticators, what they can answer, and the way to the page that changes them."""
        roster, gates = self.sentences.messenger.roster, self.reading.open_gates()
        try:
            record = self.reading.person(me)
        except DamagedError:
            return blocks.note([enrolment.damaged()], {}, "answer")
        lines = enrolment.me(roster.people[me], record, gates, roster, self.reading.now())
        address = self.use.page(me)
        return blocks.with_link(lines, own.OPEN, address) if address else blocks.note(lines, {}, "answer")

    def lose(self, typed: Typed) -> Parts:
        """Their phone or key is lost."""
        try:
            return enrolment.lost(len(self.use.lose(typed.who).gates))
        except Exception as error:  # noqa: BLE001  (a command always gets a sentence)
            return self.sentences.about(error, "", typed.who.subject)

    def yes(self, ack: Ack, body: Body, respond: Respond) -> None:
        """It is them who enrols."""
        ack()
        self._vouched(body, respond, yes=True)

    def no(self, ack: Ack, body: Body, respond: Respond) -> None:
        """It is not them."""
        ack()
        self._vouched(body, respond, yes=False)

    def _vouched(self, body: Body, respond: Respond, *, yes: bool) -> None:
        messenger = self.sentences.messenger
        try:
            pressed = payloads.vouch(body, messenger.team)
            self.use.vouch(pressed.ticket, pressed.who, yes, pressed.cause)
        except Exception as error:  # noqa: BLE001  (a tap always gets a sentence)
            respond_privately(respond, blocks.note([self.sentences.about(error, "", account(body))], {}, "answer"))
            return
        messenger.settle(pressed.channel, pressed.ts, [enrolment.VOUCHED if yes else enrolment.NOT_ME])
