"""Posts, updates and thread replies: the Messenger port for Slack.

Every message shows a gate's present state, so that a late, doubled or lost call is put right by the next one. Nothing
is tried twice within one call; whoever calls has the lane, its pace and its patience.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import structlog
from slack_sdk import WebClient

from jenkins_mfa.core import moments
from jenkins_mfa.core.home import Home
from jenkins_mfa.core.model import APPROVERS, Alert, Gate, ToldRecord, Trouble
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.errors import MessageGoneError, MessageRefusedError, MessengerError, MessengerUnavailableError
from jenkins_mfa.slack import blocks
from jenkins_mfa.slack import home as homes
from jenkins_mfa.slack.accounts import Accounts
from jenkins_mfa.slack.blocks import Payload
from jenkins_mfa.slack.calls import call, told
from jenkins_mfa.slack.limits import Json, check_message
from jenkins_mfa.slack.pace import Pace
from jenkins_mfa.slack.posts import Posts
from jenkins_mfa.slack.telling import Telling
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.words import alerts, answers, facts, holding, render
from jenkins_mfa.words.parts import Parts

log = structlog.get_logger()


@dataclass(frozen=True)
class SlackMessenger:
    """One workspace, as the bot sees it. Channels are Slack's ids; `team` is the workspace's id."""

    client: WebClient
    rules: Rules
    team: str
    default_channel: str
    ops_channel: str
    accounts: Accounts
    pace: Pace = field(default_factory=Pace)

    @property
    def posts(self) -> Posts:
        """How the bot says something."""
        return Posts(self.client, self.pace)

    @property
    def roster(self) -> Roster:
        """Who is who now."""
        return self.rules.roster

    @property
    def issuer(self) -> str:
        """Under which name the roster knows accounts of this workspace."""
        return f"slack:{self.team}"

    @property
    def users(self) -> dict[str, str]:
        """Roster id → Slack user id."""
        people = self.roster.people.values()
        return {one.id: one.identities[self.issuer] for one in people if self.issuer in one.identities}

    def tell(self, gate: Gate, told: ToldRecord, others: int, trouble: Trouble | None = None) -> ToldRecord:
        """Show the present state everywhere; say in the thread once that it waits, and once how it ended.

        Where only a part could be done, the record says so by showing what it did before: commit it and tell again.
        Where Slack refuses the whole, people see a short text without buttons, and the record says so. Raises
        MessengerUnavailableError (nothing new to remember), MessageGoneError (no place is left), MessageRefusedError
        (not even the short text was taken).
        """
        payload = blocks.message(gate, self.roster, self.users, others, trouble)
        work = Telling(gate, payload, self.posts, self.roster, self.users, list(told.messages))
        try:
            for channel in self._targets(gate, told):
                work.show(channel)
            if not work.messages:
                raise MessageGoneError("Slack: none of the channels is there: " + ", ".join(work.gone))
            copies = tuple(one for one in told.copies if work.shown_in(one))
            work.thread()
        except MessengerUnavailableError as error:
            if not work.posted:
                raise
            log.warning("told in part", gate=gate.jti, problem=str(error))
            return replace(told, version=told.version + 1, messages=tuple(work.messages))
        reason = trouble.reason if trouble else ""
        return replace(
            told,
            version=told.version + 1,
            shown=gate.version,
            messages=tuple(work.messages),
            trouble=reason,
            refused=work.refused,
            stale=False,
            copies=copies,
        )

    def _targets(self, gate: Gate, told: ToldRecord) -> list[str]:
        targets = [message.channel for message in told.messages] if told.shown else self._channels(gate)
        # What is new to say may bring a further channel; one that is gone is tried again with it, not at every update.
        if any(mark not in one.thread for mark in alerts.nudges(gate, self.roster) for one in told.messages):
            targets = list(dict.fromkeys((*targets, *self._channels(gate))))
        return targets

    def tell_line(self, requester: str, waiting: Sequence[Gate], most: int, told: ToldRecord) -> ToldRecord:
        """Say in one message that these gates of a requester wait their turn, where they would be asked.

        When none is left the message says so, and the next ones get a new one. Raises MessengerUnavailableError.
        """
        line = holding.summary(requester, len(waiting), most, self.roster)
        return self._tell_count(line, len(waiting), waiting, told)

    def tell_flood(self, pipeline: str, waiting: int, asked: Sequence[Gate], told: ToldRecord) -> ToldRecord:
        """Say in one message, where those of a pipeline that are `asked` stand, how many more of it wait unasked.

        Otherwise as `tell_line`.
        """
        return self._tell_count(holding.flooded(pipeline, waiting), waiting, asked, told)

    def _tell_count(self, line: Parts, count: int, beside: Sequence[Gate], told: ToldRecord) -> ToldRecord:
        """Show the line where it stands already, and where these gates are asked."""
        payload = blocks.note([line], self.users, "many")
        channels = [message.channel for message in told.messages]
        channels += [channel for gate in beside for channel in self._channels(gate)]
        known, shown = {message.channel: message for message in told.messages}, []
        for channel in dict.fromkeys(channels):
            try:
                shown.append(self.posts.put(channel, known.get(channel), payload))
            except MessageGoneError as error:
                log.warning("a channel is gone", channel=channel, problem=str(error))
        return ToldRecord(told.gate, told.version + 1, count, tuple(shown) if count else ())

    def alert(self, alert: Alert, gate: Gate | None) -> None:
        """Tell ops in their channel, approvers in theirs, or the person whom it is for in a direct message.

        Who has no account here is not told, and ops are in their place.
        """
        lines, user = alerts.alert(alert, gate, self.roster), self.users.get(alert.to)
        if alert.code == "enrol_asks":
            # A question for one person alone: nobody else is asked in their place.
            if user:
                self.posts.post(self.posts.direct(user), blocks.asks_enrolment(lines, alert.values["ticket"]))
            return
        if not alert.to.startswith(APPROVERS):
            channel = self.posts.direct(user) if user else self.ops_channel
        elif (channel := alert.to.removeprefix(APPROVERS) or self.default_channel) == self.ops_channel:
            return
        try:
            self.posts.post(channel, blocks.note(lines, self.users, "alert"))
        except MessageRefusedError:
            self.posts.post(channel, blocks.note(alerts.short(alert, gate), self.users, "alert"))

    def show_home(self, home: Home) -> None:
        """Show somebody their own page, App Home, if they have an account here that may look. Raises MessengerError."""
        user = self.users.get(home.person)
        if user is not None:
            active = self.accounts.active(user)
            self.publish(user, homes.view(home, self.roster) if active else homes.says(answers.outsiders()))

    def publish(self, user: str, view: Json) -> None:
        """Let this view stand in the App Home of an account. Raises MessengerError."""
        self.pace.call(self.client.views_publish, user_id=user, view=view)

    def asked_in(self, gate: Gate) -> list[str]:
        """Names of the channels where a gate is asked; without private ones, whose names are not everybody's, and
        those that Slack does not tell.
        """
        names = []
        for channel in self._channels(gate):
            try:
                found = told(call(self.client.conversations_info, channel=channel), "channel", dict)
            except MessengerError as error:
                log.info("a channel's name is not known", channel=channel, problem=str(error))
                continue
            if not found.get("is_private"):
                names.append(str(found.get("name", "")))
        return [name for name in names if name]

    def inactive(self, people: Iterable[str]) -> frozenset[str]:
        """Those who may not answer now. Whoever has no account here cannot be vouched for, and is among them."""
        users = self.users
        return frozenset(one for one in people if one not in users or not self.accounts.active(users[one]))

    def cannot_show(self, gate: Gate) -> str:
        """What of the gate cannot be shown whole, in words; empty when all of it can (S20)."""
        misfit = render.terminal(facts.misfit(gate.facts, self.roster))
        if misfit:
            return misfit
        try:
            payload = blocks.message(gate, self.roster, self.users, others=1)
            check_message(payload.text, payload.blocks)
        except MessageRefusedError:
            return render.terminal(facts.overfull())
        return ""

    def refresh(self, channel: str, ts: str, gate: Gate, trouble: Trouble | None) -> None:
        """Put a stale copy of a gate's message right; not being able to is no reason to trouble anybody."""
        try:
            self.posts.rewrite(channel, ts, blocks.message(gate, self.roster, self.users, 0, trouble))
        except MessengerError as error:
            log.info("a stale message stays", gate=gate.jti, problem=str(error))

    def settle(self, channel: str, ts: str, lines: list[Parts]) -> None:
        """Put a question that was answered right: what was answered stands there, without buttons."""
        try:
            self.posts.rewrite(channel, ts, blocks.note(lines, {}, "answer"))
        except MessengerError as error:
            log.info("an answered question keeps its buttons", problem=str(error))

    def direct(self, user: str) -> str:
        """The channel between the bot and somebody alone, by their account here. Raises MessengerError."""
        return self.posts.direct(user)

    def whisper(self, channel: str, user: str, payload: Payload) -> None:
        """A private answer where the person is; in a direct message if they cannot be answered there."""
        arguments = {"user": user, "text": payload.text, "blocks": payload.blocks}
        try:
            call(self.client.chat_postEphemeral, channel=channel, **arguments)
        except MessageGoneError:
            self.posts.post(self.posts.direct(user), payload)

    def _channels(self, gate: Gate) -> list[str]:
        channels = gate.requirement.channels if gate.requirement else ()
        more = [one.channel for one in moments.told(gate) if one.channel]
        return list(dict.fromkeys(channel or self.default_channel for channel in (*(channels or ("",)), *more)))
