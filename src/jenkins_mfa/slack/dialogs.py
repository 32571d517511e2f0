"""Forms of Slack: opened by whoever may answer, judged before they are acknowledged, answered privately."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt import Ack

from jenkins_mfa.errors import JenkinsMfaError, MessengerError, Refusal, UntrustedInputError
from jenkins_mfa.slack import blocks, payloads, views
from jenkins_mfa.slack.blocks import Payload
from jenkins_mfa.slack.calls import call
from jenkins_mfa.slack.payloads import Body, Form
from jenkins_mfa.slack.replies import Sentences
from jenkins_mfa.words import answers as words
from jenkins_mfa.words import render
from jenkins_mfa.words.parts import Parts

log = structlog.get_logger()

#: Refusals that belong to the field; all others end the form.
_AT_FIELD = frozenset(
    {"code_malformed", "code_wrong", "code_used", "code_clock", "challenge_over", "no_tries", "throttled", "disabled"}
    | {"number_malformed", "number_wrong", "no_number_tries"}
)


class FieldError(JenkinsMfaError):
    """What was typed cannot be used; the sentence belongs to the field."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(render.log(parts))
        self.parts = parts


@dataclass(frozen=True)
class Dialogs:
    """Opens forms and takes what is sent with them. `sentences` say what is told about failures."""

    sentences: Sentences

    def open(self, trigger: str, view: dict[str, Any]) -> Parts:
        """Open a form; nothing to say when it stands there."""
        try:
            call(self.sentences.messenger.client.views_open, trigger_id=trigger, view=view)
        except MessengerError as error:
            log.warning("a form did not open", form=view["callback_id"], problem=str(error))
            return words.late()
        return ()

    def say(self, trigger: str, user: str, answer: Payload) -> None:
        """Answer where there is no message to answer below: in a form's place, or else in a direct message."""
        if not self.open(trigger, views.said(answer.blocks)):
            return
        try:
            self.sentences.messenger.whisper(views.HOME, user, answer)
        except MessengerError as error:
            log.warning("a private answer was lost", problem=str(error))

    def submitted(self, ack: Ack, body: Body, field: str, act: Callable[[Form], Parts | Payload]) -> None:
        """Act on a form, acknowledge with what its field ("": it has none) or its place must show, then answer
        privately.
        """
        form: Form | None = None
        try:
            form = payloads.form(body, self.sentences.messenger.team)
            answer = act(form)
        except FieldError as error:
            ack(response_action="errors", errors={field: render.terminal(error.parts)})
            return
        except Exception as error:  # noqa: BLE001  (a form always gets a sentence)
            jti = form.about.jti if form else ""
            sentence = self.sentences.about(error, jti, account(body), code=field == "code")
            if form is not None and field and _at_field(error):
                ack(response_action="errors", errors={field: render.terminal(sentence)})
            else:
                ack(response_action="update", view=views.ended([sentence]))
            return
        if form.about.channel == views.HOME:
            ack(response_action="update", view=views.said(blocks.private(answer).blocks))
            return
        ack()
        try:
            self.sentences.messenger.whisper(form.about.channel, form.who.subject, blocks.private(answer))
        except MessengerError as error:
            log.warning("a private answer was lost", gate=form.about.jti, problem=str(error))


def _at_field(error: Exception) -> bool:
    """Whether the form can be sent again: then what is wrong stands at its field."""
    if isinstance(error, Refusal):
        return error.code in _AT_FIELD
    return not isinstance(error, UntrustedInputError)


def account(body: Body) -> str:
    """The acting account for a sentence, in Slack's own form or not at all."""
    user = body.get("user")
    found = user.get("id") if isinstance(user, dict) else ""
    return found if isinstance(found, str) and re.fullmatch(r"[A-Z0-9]{2,32}", found) else ""
