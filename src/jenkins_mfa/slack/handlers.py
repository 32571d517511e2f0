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

from jenkins_mfa.core.model import Gate
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.slack import blocks, views
from jenkins_mfa.slack.acts import ActForms, Acts
from jenkins_mfa.slack.blocks import Payload
from jenkins_mfa.slack.commands import Commands, Reading
from jenkins_mfa.slack.dialogs import Dialogs, FieldError
from jenkins_mfa.slack.glass import BreakGlass, GlassCommands
from jenkins_mfa.slack.home_tab import HomeTab
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.slack.own import Own, OwnCommands
from jenkins_mfa.slack.payloads import Body, Form, Press, Typed
from jenkins_mfa.slack.presses import Messages, Presses
from jenkins_mfa.slack.replies import Gates, OnlyMatchable, Sentences, respond_privately
from jenkins_mfa.usecases.answer import NeedsKey, NeedsNumber, NeedsTap, Tapped
from jenkins_mfa.usecases.decisions import Counted
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.words import answers as words
from jenkins_mfa.words import keys
from jenkins_mfa.words.parts import Parts

log = structlog.get_logger()


class Answers(Protocol):
    """The use case that takes answers (usecases/answer.py)."""

    def tap(self, jti: str, who: Who, cause: str, *, seen: bool = True) -> Tapped:
        """Approve was tapped, or typed without having `seen` what it confirms."""

    def code(self, jti: str, challenge_id: str, who: Who, code: str, cause: str) -> Counted:
        """A code was typed."""

    def number(self, jti: str, challenge_id: str, who: Who, number: str, cause: str) -> Counted:
        """A number was typed."""

    def retract(self, jti: str, who: Who, cause: str) -> Gate:
        """Take one's own confirmation back."""

    def may_deny(self, jti: str, who: Who) -> Gate:
        """Whether this account may deny now."""

    def deny(self, jti: str, who: Who, reason: str, report: bool, cause: str) -> Gate:
        """A denial with its reason."""


class Store(Gates, Reading, Messages, Protocol):
    """What is read to answer people."""


@dataclass(frozen=True)
class Handlers:
    """The listeners of buttons, forms and the command."""

    answers: Answers
    store: Store
    messenger: SlackMessenger
    glass: BreakGlass
    acts: Acts
    own: Own

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

    @property
    def presses(self) -> Presses:
        """The buttons."""
        return Presses(self.dialogs, self.store)

    def register(self, app: App) -> None:
        """Listen. Whatever no listener knows is acknowledged and answered, too."""
        app.use(OnlyMatchable())
        app.action("gate_approve")(self.approve)
        app.action("gate_deny")(self.ask_reason)
        app.action("gate_retract")(self.retract)
        app.action(blocks.LINK)(self.followed)
        own = OwnCommands(self.own, self.store, self.sentences)
        app.action("enroll_yes")(own.yes)
        app.action("enroll_no")(own.no)
        HomeTab(own, self.dialogs, self.store).register(app)
        app.action(re.compile(""))(self.unknown)
        app.view("gate_totp")(self.code)
        app.view("gate_number")(self.number)
        app.view("gate_tap")(self.tapped)
        app.view("gate_reason")(self.reason)
        forms = ActForms(self.acts, self.dialogs)
        app.view("act_totp")(forms.code)
        app.view(re.compile(""))(self.unknown_form)
        glass = GlassCommands(self.glass, self.sentences)
        Commands(self.store, self.messenger, glass, forms, self, own).register(app)

    def approve(self, ack: Ack, body: Body, respond: Respond) -> None:
        """Approve was tapped."""
        ack()

        def act(press: Press) -> Parts | Payload:
            return self._ask(self.answers.tap(press.jti, press.who, press.cause, seen=not press.home), press)

        self.presses.pressed(body, respond, act)

    def retract(self, ack: Ack, body: Body, respond: Respond) -> None:
        """Take it back was tapped."""
        ack()

        def act(press: Press) -> Parts:
            return words.retracted(self.answers.retract(press.jti, press.who, press.cause), self.roster)

        self.presses.pressed(body, respond, act)

    def approve_typed(self, gate: Gate, typed: Typed) -> Parts | Payload:
        """`/mfa approve`: the form that the button opens; where a tap is enough, one that shows what it confirms."""
        return self._typed(
            gate, typed, lambda: self._ask(self.answers.tap(gate.jti, typed.who, typed.cause, seen=False), typed)
        )

    def deny_typed(self, gate: Gate, typed: Typed) -> Parts | Payload:
        """`/mfa deny`: the form that the button opens."""
        return self._typed(gate, typed, lambda: self._ask_reason(gate.jti, typed))

    def retract_typed(self, gate: Gate, typed: Typed) -> Parts | Payload:
        """`/mfa retract`."""

        def act() -> Parts:
            return words.retracted(self.answers.retract(gate.jti, typed.who, typed.cause), self.roster)

        return self._typed(gate, typed, act)

    def ask_reason(self, ack: Ack, body: Body, respond: Respond) -> None:
        """Deny was tapped: ask why, if this person may deny at all."""
        ack()

        self.presses.pressed(body, respond, lambda press: self._ask_reason(press.jti, press))

    def followed(self, ack: Ack) -> None:
        """A link was opened: Slack tells, and there is nothing to do."""
        ack()

    def unknown(self, ack: Ack, respond: Respond) -> None:
        """A button that is not ours, or of another version."""
        ack()
        log.warning("an unknown button was pressed")
        respond_privately(respond, blocks.note([words.unreadable()], {}, "answer"))

    def unknown_form(self, ack: Ack) -> None:
        """A form that is not ours."""
        log.warning("an unknown form was sent")
        ack(response_action="update", view=views.ended([words.unreadable()]))

    def tapped(self, ack: Ack, body: Body) -> None:
        """What a typed command would confirm was looked at, and Approve was tapped."""

        def act(form: Form) -> Parts | Payload:
            tapped = self.answers.tap(form.about.jti, form.who, form.cause)
            return self._counted(tapped.gate, form.about.channel) if isinstance(tapped, Counted) else words.more_asked()

        self.dialogs.submitted(ack, body, "", act)

    def code(self, ack: Ack, body: Body) -> None:
        """A code was typed."""

        def act(form: Form) -> Parts | Payload:
            code = views.typed(form.view, "code")
            counted = self.answers.code(form.about.jti, form.about.challenge, form.who, code, form.cause)
            return self._counted(counted.gate, form.about.channel)

        self.dialogs.submitted(ack, body, "code", act)

    def number(self, ack: Ack, body: Body) -> None:
        """A number was typed."""

        def act(form: Form) -> Parts | Payload:
            number = views.typed(form.view, "number")
            counted = self.answers.number(form.about.jti, form.about.challenge, form.who, number, form.cause)
            return self._counted(counted.gate, form.about.channel)

        self.dialogs.submitted(ack, body, "number", act)

    def reason(self, ack: Ack, body: Body) -> None:
        """A reason was typed."""

        def act(form: Form) -> Parts:
            reason = views.typed(form.view, "reason")
            unfit = words.unfit(reason)
            if unfit:
                raise FieldError(unfit)
            report = views.ticked(form.view, "report", "report")
            gate = self.answers.deny(form.about.jti, form.who, reason, report, form.cause)
            return words.denied(gate, self.roster)

        self.dialogs.submitted(ack, body, "reason", act)

    def _ask(self, asked: Tapped, at: Press | Typed) -> Parts | Payload:
        """What follows from an Approve: it counts, or a form opens."""
        if isinstance(asked, Counted):
            return self._counted(asked.gate, at.channel)
        if isinstance(asked, NeedsTap):
            return self.dialogs.open(at.trigger, views.tap(asked.gate, views.About(asked.gate.jti, "", at.channel)))
        if isinstance(asked, NeedsKey):
            return blocks.with_link([keys.page(asked.expires)], keys.OPEN, asked.address)
        about = views.About(asked.gate.jti, asked.challenge_id, at.channel)
        form = views.number if isinstance(asked, NeedsNumber) else views.code
        return self.dialogs.open(at.trigger, form(asked.gate, about, asked.expires))

    def _ask_reason(self, jti: str, at: Press | Typed) -> Parts:
        """Ask for a reason, if this person may deny at all."""
        gate = self.answers.may_deny(jti, at.who)
        return self.dialogs.open(at.trigger, views.reason(gate, self.roster, views.About(jti, "", at.channel)))

    def _counted(self, gate: Gate, channel: str) -> Parts | Payload:
        """It counts, and can be taken back: below the answer, or on the page where it was begun."""
        said = words.counted(gate, self.roster, self.store.now())
        return said if channel == views.HOME else blocks.taken_back(said, gate)

    def _typed(self, gate: Gate, typed: Typed, act: Callable[[], Parts | Payload]) -> Parts | Payload:
        """Act on a command about a gate; it gets a sentence, whatever fails."""
        try:
            return act()
        except Exception as error:  # noqa: BLE001  (a command always gets a sentence)
            return self.sentences.about(error, gate.jti, typed.who.subject)
