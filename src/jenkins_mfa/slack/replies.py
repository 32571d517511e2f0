"""Private answers: which sentence follows from which failure, and how it gets to the person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
from slack_bolt import BoltRequest, BoltResponse, Respond
from slack_bolt.middleware import Middleware
from slack_sdk.errors import SlackClientError

from jenkins_mfa.core.model import Gate
from jenkins_mfa.errors import MessengerError, Refusal, StoreError, StoreUncertainError, UntrustedInputError
from jenkins_mfa.slack import payloads
from jenkins_mfa.slack.blocks import Payload, note
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.words import answers, commands, refusals
from jenkins_mfa.words.parts import Parts

log = structlog.get_logger()


class Gates(Protocol):
    """What the sentences need from the store."""

    def now(self) -> int:
        """The store's clock in ms UTC."""

    def gate(self, gate_id: str) -> Gate | None:
        """A gate by id."""


@dataclass(frozen=True)
class Sentences:
    """Turns failures into what a person reads: what happened, and whether it was recorded."""

    gates: Gates
    messenger: SlackMessenger

    def about(self, error: Exception, jti: str, account: str, *, code: bool = False) -> Parts:
        """The sentence. Only a refusal's code, or the kind of an unexpected failure, is logged."""
        if isinstance(error, Refusal):
            log.info("not counted", gate=jti, reason=error.code)
            return self._refusal(error, jti, account)
        if isinstance(error, UntrustedInputError):
            log.warning("a payload was not understood", problem=str(error))
            return answers.unreadable()
        if isinstance(error, StoreUncertainError):
            return answers.uncertain(code=code)
        if isinstance(error, StoreError):
            return answers.unrecorded(code=code)
        if isinstance(error, MessengerError):
            return answers.unchecked()
        log.error("an answer failed", gate=jti, kind=type(error).__name__)
        return answers.uncertain(code=code)

    def _refusal(self, error: Refusal, jti: str, account: str) -> Parts:
        roster = self.messenger.roster
        me = roster.find(self.messenger.issuer, account)
        values = {"account": account, "team": self.messenger.team, **error.values}
        return refusals.refusal(error.code, values, self.gate(jti), roster, self.now(), me.id if me else "")

    def gate(self, jti: str) -> Gate | None:
        """The gate that a button names, as far as the store tells."""
        try:
            return self.gates.gate(jti.rpartition(".")[0]) if jti else None
        except StoreError:
            return None

    def now(self) -> int:
        """The store's clock; 0 where it does not tell, so that no time is made up."""
        try:
            return self.gates.now()
        except StoreError:
            return 0


class OnlyMatchable(Middleware):
    """Takes what Bolt could not even match, so that nobody waits for an answer to it."""

    def process(self, *, req: BoltRequest, resp: BoltResponse, next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002, ARG002  (Bolt's names)
        """Go on, or acknowledge and say that nothing changed."""
        if payloads.matchable(req.body):
            return next()
        log.warning("a payload was not understood", problem="it names no action")
        if req.context.respond is not None:
            respond_privately(req.context.respond, note([answers.unreadable()], {}, "answer"))
        return BoltResponse(status=200)


def told_nothing(messenger: SlackMessenger, who: Who) -> Parts:
    """Why an account is told nothing; empty for people of the roster whose account is active. Raises
    MessengerUnavailableError.
    """
    if messenger.roster.find(who.issuer, who.subject) is None:
        return commands.strangers(who.subject, messenger.team)
    return () if messenger.accounts.active(who.subject) else answers.outsiders()


def respond_privately(respond: Respond, payload: Payload, *, replace: bool = False) -> None:
    """A private answer where the person acted, or in place of the private one that they acted on; what cannot be said
    there is only logged.
    """
    try:
        respond(text=payload.text, blocks=payload.blocks, response_type="ephemeral", replace_original=replace)
    except (SlackClientError, OSError, ValueError) as error:
        log.warning("a private answer was lost", kind=type(error).__name__)
