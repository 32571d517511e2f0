"""Buttons of Slack: a press is acted on, answered privately, and a stale copy of a message is put right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
from slack_bolt import Respond

from jenkins_mfa.core.model import Message, Trouble
from jenkins_mfa.errors import StoreError
from jenkins_mfa.slack import blocks, payloads
from jenkins_mfa.slack.blocks import Payload
from jenkins_mfa.slack.dialogs import Dialogs, account
from jenkins_mfa.slack.payloads import Body, Press
from jenkins_mfa.slack.replies import Sentences, respond_privately
from jenkins_mfa.usecases import home as homes
from jenkins_mfa.usecases import telling, trouble
from jenkins_mfa.words.parts import Parts

log = structlog.get_logger()


class Messages(telling.Tellings, homes.Openings, Protocol):
    """What is known of a gate's messages, and of people's own pages."""

    def trouble(self, lane: str) -> Trouble | None:
        """Why a lane is not delivered."""


@dataclass(frozen=True)
class Presses:
    """Takes presses. `dialogs` opens forms, and says what is told about failures."""

    dialogs: Dialogs
    store: Messages

    @property
    def sentences(self) -> Sentences:
        """What is said about failures."""
        return self.dialogs.sentences

    def pressed(self, body: Body, respond: Respond, act: Callable[[Press], Parts | Payload]) -> None:
        """Act on a press and answer it privately; a stale copy of the message is put right."""
        press: Press | None = None
        done = False
        try:
            press = payloads.press(body, self.sentences.messenger.team)
            answer = act(press)
            done = True
        except Exception as error:  # noqa: BLE001  (a tap always gets a sentence)
            answer = self.sentences.about(error, press.jti if press else "", account(body))
        if press is not None and press.home:
            self._at_home(press, answer)
            return
        if answer:
            respond_privately(respond, blocks.private(answer), replace=done and press is not None and press.private)
        if press is not None and not press.private:
            self._put_right(press)

    def _at_home(self, press: Press, answer: Parts | Payload) -> None:
        """Answer in a form's place, unless a form opened; then show the page as it is now."""
        if not answer:
            return
        self.dialogs.say(press.trigger, press.who.subject, blocks.private(answer))
        person = self.sentences.messenger.roster.find(press.who.issuer, press.who.subject)
        try:
            if person is not None:
                homes.opened(self.store, person.id, press.cause)
        except StoreError as error:
            log.info("a stale home stays", problem=str(error))

    def _put_right(self, press: Press) -> None:
        """The gate's messages, and copies that nobody remembers, are told anew by their lane: an update from here could
        come after a newer one, and stay. After the last one there is none, but the lane may have been given up, as when
        the channel was archived then.
        """
        gate = self.sentences.gate(press.jti)
        if gate is None:
            return
        try:
            if gate.state.settled:
                self.sentences.messenger.refresh(press.channel, press.ts, gate, trouble.of(self.store, gate))
            else:
                telling.adopt(self.store, gate.id, Message(press.channel, press.ts))
        except StoreError as error:
            log.info("a stale message stays", gate=gate.jti, problem=str(error))
