"""One telling of a gate: its message in each channel, copies of it, and what is said once in their threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import structlog

from jenkins_mfa.core.model import Gate, Message, State
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.errors import MessageGoneError, MessageRefusedError
from jenkins_mfa.slack import blocks
from jenkins_mfa.slack.blocks import Payload
from jenkins_mfa.slack.calls import MessageLostError
from jenkins_mfa.slack.posts import Posts
from jenkins_mfa.words import alerts
from jenkins_mfa.words.parts import Parts

T = TypeVar("T")
log = structlog.get_logger()

#: What was said once in a thread.
ASKED, ENDED = "asked", "ended"


@dataclass
class Telling:
    """What is shown where so far. `posted` says that there is something new to remember, `refused` why Slack did not
    take the whole, `gone` which channels are not there. `users` are Slack's ids of people.
    """

    gate: Gate
    payload: Payload
    posts: Posts
    roster: Roster
    users: Mapping[str, str]
    messages: list[Message]
    posted: bool = False
    refused: str = ""
    gone: list[str] = field(default_factory=list)

    def show(self, channel: str) -> None:
        """In a channel. Where that is gone, and while the gate waits, everybody who may answer is asked directly."""
        try:
            self._show(channel)
        except MessageGoneError as error:
            log.warning("a channel is gone", channel=channel, gate=self.gate.jti, problem=str(error))
            self._drop(channel)
            self.gone.append(channel)
            if self.gate.state is State.PENDING and not self.gate.held:
                self._show_directly()

    def shown_in(self, copy: Message) -> bool:
        """Show the present state in a copy, too; whether it is still there."""
        try:
            self._whole_or_short(lambda payload: self.posts.rewrite(copy.channel, copy.ts, payload))
        except MessageGoneError:
            return False
        return True

    def thread(self) -> None:
        """Each thing once: to the requesters under the first message, to the approvers under each."""
        first, gate = self.messages[0], self.gate
        if gate.state is State.PENDING and not gate.held and ASKED not in first.thread:
            self._reply(first, ASKED, alerts.waits(gate, self.roster))
        elif gate.state.settled and ENDED not in first.thread:
            self._reply(first, ENDED, alerts.ended(gate, self.roster))
        for mark, line in alerts.nudges(gate, self.roster).items():
            for message in [one for one in self.messages if mark not in one.thread]:
                self._reply(message, mark, line)

    def _at(self, channel: str) -> Message | None:
        return next((message for message in self.messages if message.channel == channel), None)

    def _drop(self, channel: str) -> None:
        self.messages = [message for message in self.messages if message.channel != channel]

    def _show_directly(self) -> None:
        people = self.gate.requirement.people if self.gate.requirement else ()
        for person in (one for one in people if one in self.users):
            try:
                self._show(self.posts.direct(self.users[person]))
            except MessageGoneError:
                log.warning("somebody cannot be asked", person=person, gate=self.gate.jti)

    def _show(self, channel: str) -> None:
        """Update the message in a channel; post one where there is none (any more)."""
        known = self._at(channel)
        if known is not None:
            try:
                self._whole_or_short(lambda payload: self.posts.rewrite(known.channel, known.ts, payload))
                return
            except MessageLostError:
                self._drop(channel)
        posted = self._whole_or_short(lambda payload: self.posts.post(channel, payload))
        # What was said in a thread that is gone with its message is not said again, nor what a new one says itself.
        said = known.thread if known else tuple(alerts.nudges(self.gate, self.roster))
        self.messages.append(replace(posted, thread=said))
        self.posted = True

    def _reply(self, message: Message, mark: str, line: Parts) -> None:
        """A reply that cannot be posted, now or ever, keeps nobody from the message itself, which says the same."""
        if line:
            try:
                self.posts.post(message.channel, blocks.note([line], self.users, mark), thread=message.ts)
            except (MessageGoneError, MessageRefusedError) as error:
                log.warning("a reply was not posted", gate=self.gate.jti, problem=str(error))
        after = replace(message, thread=(*message.thread, mark))
        self.messages = [after if one is message else one for one in self.messages]
        self.posted = True

    def _whole_or_short(self, send: Callable[[Payload], T]) -> T:
        """Send the gate's message; a short text where Slack will never take the whole."""
        try:
            return send(self.payload)
        except MessageRefusedError as error:
            self.refused = str(error)
            return send(blocks.minimal(self.gate))
