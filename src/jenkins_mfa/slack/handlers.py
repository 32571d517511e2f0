"""Bolt listeners: payload → use case → private answer. They hold no state, so any replica may get any payload.

A tap is acknowledged first. A form is judged before its acknowledgement, which carries the error to its field; that
path is one use case long. Nothing here logs a payload: a form's view holds what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
from slack_bolt import Ack, App, Respond

from jenkins_mfa.core.model import Gate, ToldRecord
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.errors import (
    StoreError,
)
from jenkins_mfa.slack import blocks, payloads, views
from jenkins_mfa.slack.acts import ActForms, Acts
from jenkins_mfa.slack.commands import Commands, Reading
from jenkins_mfa.slack.dialogs import Dialogs, FieldError, account
from jenkins_mfa.slack.glass import BreakGlass, GlassCommands
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.slack.payloads import Body, Form, Press
from jenkins_mfa.slack.replies import Gates, OnlyMatchable, Sentences, respond_privately
from jenkins_mfa.usecases import trouble
from jenkins_mfa.usecases.answer import Counted, NeedsCode, NeedsNumber
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.words import answers as words
from jenkins_mfa.words.parts import Parts

log = structlog.get_logger()


class Answers(Protocol):
    """The use case that takes answers (usecases/answer.py)."""

    def tap(self, jti: str, who: Who, cause: str) -> Counted | NeedsCode | NeedsNumber:
        """Approve was tapped."""

    def code(self, jti: str, challenge_id: str, who: Who, code: str, cause: str) -> Counted:
        """A code was typed."""

    def number(self, jti: str, challenge_id: str, who: Who, number: str, cause: str) -> Counted:
        """A number was typed."""

    def may_deny(self, jti: str, who: Who) -> Gate:
        """Whether this account may deny now."""

    def deny(self, jti: str, who: Who, reason: str, report: bool, cause: str) -> Gate:
        """A denial with its reason."""


class Store(Gates, Reading, Protocol):
    """What is read to answer people."""

    def told(self, gate_id: str) -> ToldRecord:
        """Which messages tell about a gate."""


@dataclass(frozen=True)
class Handlers:
    """The listeners of buttons, forms and the command."""

    answers: Answers
    store: Store
    messenger: SlackMessenger
    glass: BreakGlass
    acts: Acts

    @property
    def roster(self) -> Roster:
        """Who is who."""
        return self.messenger.roster

    @property
    def sentences(self) -> Sentences:
        """What is said about failures."""
        return Sentences(self.store, self.messenger)

    @property
    def dialogs(self) -> Dialogs:
        """The forms."""
        return Dialogs(self.sentences)

    def register(self, app: App) -> None:
        """Listen. Whatever no listener knows is acknowledged and answered, too."""
        app.use(OnlyMatchable())
        app.action("gate_approve")(self.approve)
        app.action("gate_deny")(self.ask_reason)
        app.action(re.compile(""))(self.unknown)
        app.view("gate_totp")(self.code)
        app.view("gate_number")(self.number)
        app.view("gate_reason")(self.reason)
        forms = ActForms(self.acts, self.dialogs)
        app.view("act_totp")(forms.code)
        app.view(re.compile(""))(self.unknown_form)
        Commands(self.store, self.messenger, GlassCommands(self.glass, self.sentences), forms).register(app)

    def approve(self, ack: Ack, body: Body, respond: Respond) -> None:
        """Approve was tapped."""
        ack()

        def act(press: Press) -> Parts:
            tapped = self.answers.tap(press.jti, press.who, press.cause)
            if isinstance(tapped, Counted):
                return words.counted(tapped.gate, self.roster, self.store.now())
            about = views.About(press.jti, tapped.challenge_id, press.channel)
            form = views.number if isinstance(tapped, NeedsNumber) else views.code
            return self.dialogs.open(press.trigger, form(tapped.gate, about, tapped.expires))

        self._pressed(body, respond, act)

    def ask_reason(self, ack: Ack, body: Body, respond: Respond) -> None:
        """Deny was tapped: ask why, if this person may deny at all."""
        ack()

        def act(press: Press) -> Parts:
            gate = self.answers.may_deny(press.jti, press.who)
            view = views.reason(gate, self.roster, views.About(press.jti, "", press.channel))
            return self.dialogs.open(press.trigger, view)

        self._pressed(body, respond, act)

    def unknown(self, ack: Ack, respond: Respond) -> None:
        """A button that is not ours, or of another version."""
        ack()
        log.warning("an unknown button was pressed")
        respond_privately(respond, blocks.note([words.unreadable()], {}, "answer"))

    def unknown_form(self, ack: Ack) -> None:
        """A form that is not ours."""
        log.warning("an unknown form was sent")
        ack(response_action="update", view=views.ended([words.unreadable()]))

    def code(self, ack: Ack, body: Body) -> None:
        """A code was typed."""

        def act(form: Form) -> Parts:
            code = views.typed(form.view, "code")
            counted = self.answers.code(form.about.jti, form.about.challenge, form.who, code, form.cause)
            return words.counted(counted.gate, self.roster, self.store.now())

        self.dialogs.submitted(ack, body, "code", act)

    def number(self, ack: Ack, body: Body) -> None:
        """A number was typed."""

        def act(form: Form) -> Parts:
            number = views.typed(form.view, "number")
            counted = self.answers.number(form.about.jti, form.about.challenge, form.who, number, form.cause)
            return words.counted(counted.gate, self.roster, self.store.now())

        self.dialogs.submitted(ack, body, "number", act)

    def reason(self, ack: Ack, body: Body) -> None:
        """A reason was typed."""

        def act(form: Form) -> Parts:
            reason = views.typed(form.view, "reason")
            unfit = views.unfit(reason)
            if unfit:
                raise FieldError(unfit)
            report = views.ticked(form.view, "report", "report")
            gate = self.answers.deny(form.about.jti, form.who, reason, report, form.cause)
            return words.denied(gate, self.roster)

        self.dialogs.submitted(ack, body, "reason", act)

    def _pressed(self, body: Body, respond: Respond, act: Callable[[Press], Parts]) -> None:
        """Act on a press and answer it privately; a stale copy of the message is put right."""
        press: Press | None = None
        try:
            press = payloads.press(body, self.messenger.team)
            answer = act(press)
        except Exception as error:  # noqa: BLE001  (a tap always gets a sentence)
            answer = self.sentences.about(error, press.jti if press else "", account(body))
        if answer:
            respond_privately(respond, blocks.note([answer], {}, "answer"))
        if press is not None:
            self._put_right(press)

    def _put_right(self, press: Press) -> None:
        """Buttons that cannot count any more go away from a copy that was pressed. The gate's own messages are told
        anew by their lane: an update from here could come after a newer one, and stay.
        """
        gate = self.sentences.gate(press.jti)
        if gate is None or not (gate.jti != press.jti or gate.decided_at or gate.ending):
            return
        try:
            own = {(message.channel, message.ts) for message in self.store.told(gate.id).messages}
            failing = trouble.of(self.store, gate)
        except StoreError:
            return
        if (press.channel, press.ts) not in own:
            self.messenger.refresh(press.channel, press.ts, gate, failing)
