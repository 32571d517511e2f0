"""What people do in the simulated Slack: press, submit, type a command; each returns what they then see."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from jenkins_mfa.simulators import slack_home as home
from jenkins_mfa.simulators import slack_payloads as payloads
from jenkins_mfa.simulators.slack_form import fill_in
from jenkins_mfa.simulators.slack_model import ApiError, ImpossibleActionError, Message, ResponseUrl, User
from jenkins_mfa.simulators.slack_outcome import Outcome, apply_form_answer
from jenkins_mfa.simulators.slack_respond import apply_response, new_response_url
from jenkins_mfa.simulators.slack_rules import block_elements
from jenkins_mfa.simulators.slack_socket import Ack, SlackSocket
from jenkins_mfa.simulators.slack_state import Workspace
from jenkins_mfa.simulators.slack_world import World

_NO_ANSWER = {"timeout": "operation_timeout", "unreachable": "dispatch_failed"}


class People(World):
    """The actions of people. Raises ImpossibleActionError for what nobody could do in a real Slack."""

    def __init__(self, workspace: Workspace, socket: SlackSocket) -> None:
        super().__init__(workspace)
        self.socket = socket
        self.response_base = ""

    def press(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        confirm: bool = False,
        value: str | None = None,
        stale: bool = False,
        extra: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Press a button of a message; `value` chooses among buttons with one action_id.

        `confirm` must say whether the button asks first. With `stale` the press comes from a copy of the
        message that is no longer the current one, so that the button (or `value`) may be gone; `extra` then
        replaces members of the payload.
        """
        with self.workspace.changed:
            person, message = self._person(user), self._message(user, channel, ts, stale)
            block, button = self._button(message, action_id, value, stale)
            if not stale and confirm != ("confirm" in button):
                raise ImpossibleActionError(f"{action_id} has {'no' if confirm else 'a'} confirm dialog")
            target = ResponseUrl(user, channel, ts, self.workspace.now())
            payload = payloads.interaction(self.workspace, person, "block_actions")
            payload |= payloads.from_message(self.workspace, message, block, button)
            payload["response_url"] = self.response_base + new_response_url(self.workspace, "actions", target)
            payload |= copy.deepcopy(dict(extra or {}))
            outcome = self._begin(user)
        return self._deliver(outcome, "interactive", payload, accepts=False)[0]

    def submit(
        self, user: str, view: str | Mapping[str, Any], values: Mapping[str, Any], *, unchecked: bool = False
    ) -> Outcome:
        """Fill in the topmost modal and send it; `values` by block_id: text, or option value(s).

        Slack's own checks (required, lengths) come first and send nothing; `unchecked` leaves them out.
        """
        with self.workspace.changed:
            person, form = self._person(user), self._top_view(user, view)
            outcome = self._begin(user)
            state, errors = fill_in(form, values)
            if errors and not unchecked:
                outcome.sent = False
                outcome.show_errors(errors)
                return outcome
            payload = payloads.interaction(self.workspace, person, "view_submission")
            payload |= {"view": copy.deepcopy(form) | {"state": {"values": state}}, "response_urls": []}
        outcome, ack = self._deliver(outcome, "interactive", payload, accepts=True)
        if ack.status == "acked":
            apply_form_answer(outcome, form, ack.payload)
        return outcome

    def back(self, user: str) -> Outcome:
        """Close the topmost modal without sending it."""
        with self.workspace.changed:
            person, outcome = self._person(user), self._begin(user)
            form = self._top_view(user, None)
            self.workspace.close_views(user)
            outcome.closed, outcome.sent = True, bool(form["notify_on_close"])
            payload = payloads.interaction(self.workspace, person, "view_closed")
            payload |= {"view": copy.deepcopy(form), "is_cleared": False}
        return self._deliver(outcome, "interactive", payload, accepts=False)[0] if outcome.sent else outcome

    def open_home(self, user: str, tab: str = "home") -> Outcome:
        """Open the app, at its Home tab or its messages: the app hears of it, as of all events, at least once."""
        with self.workspace.changed:
            person, outcome = self._person(user), self._begin(user)
            payload = payloads.event(self.workspace, home.opened(self.workspace, person.id, tab))
        retried = {"retry_attempt": 0, "retry_reason": ""}
        ack = self.socket.deliver("events_api", payload, accepts=False, **retried)
        outcome.seconds = ack.seconds
        return outcome

    def press_home(self, user: str, action_id: str, *, value: str | None = None) -> Outcome:
        """Press a button of one's own Home tab; `value` chooses among buttons with one action_id."""
        with self.workspace.changed:
            person, view = self._person(user), self.workspace.homes.get(user)
            found = [
                (block, element)
                for block in (view["blocks"] if view else [])
                for element in block_elements(block)
                if element["action_id"] == action_id and value in {None, element.get("value")}
            ]
            if view is None or not found:
                raise ImpossibleActionError(f"no button {action_id} in the Home tab of {user}")
            payload = payloads.interaction(self.workspace, person, "block_actions")
            payload |= home.from_view(self.workspace, view, *found[0])
            outcome = self._begin(user)
        return self._deliver(outcome, "interactive", payload, accepts=False)[0]

    def slash(self, user: str, command: str, text: str, channel: str) -> Outcome:
        """Type a slash command in a channel."""
        with self.workspace.changed:
            person = self._person(user)
            if not self.workspace.can_read(user, channel):
                raise ImpossibleActionError(f"{user} cannot see {channel}")
            target = ResponseUrl(user, channel, None, self.workspace.now())
            url = self.response_base + new_response_url(self.workspace, "commands", target)
            payload = payloads.slash(self.workspace, person, self.workspace.channels[channel], command, text)
            payload["response_url"] = url
            outcome = self._begin(user)
        outcome, ack = self._deliver(outcome, "slash_commands", payload, accepts=True)
        if ack.status == "acked" and ack.payload:
            try:
                apply_response(self.workspace, target, ack.payload)
            except ApiError as error:
                outcome.fail(error.code)
        return outcome

    def say(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        """Write a message as a person; returns its ts."""
        with self.workspace.changed:
            self._person(user)
            message = Message(channel, self.workspace.new_ts(), user, text, [], thread_ts)
            return self.workspace.post(message).ts

    def _person(self, user: str) -> User:
        person = self.workspace.users.get(user)
        if person is None or person.deleted or person.bot:
            raise ImpossibleActionError(f"{user} is not an active person")
        return person

    def _message(self, user: str, channel: str, ts: str, stale: bool) -> Message:
        message = self.workspace.find(channel, ts)
        if message is None or message.only_for not in {None, user} or not self.workspace.can_read(user, channel):
            raise ImpossibleActionError(f"{user} has no message {ts} in {channel}")
        if not stale and (message.deleted or self.workspace.channels[channel].archived):
            raise ImpossibleActionError(f"nothing can be pressed on {ts} any more")
        return message

    @staticmethod
    def _button(message: Message, action_id: str, value: str | None, stale: bool) -> tuple[Any, Any]:
        versions = [message.blocks, *([blocks for _, blocks in reversed(message.edits)] if stale else [])]
        for blocks in versions:
            for block in blocks:
                for element in block_elements(block):
                    if element["action_id"] == action_id and value in {None, element.get("value")}:
                        return block, element
        if not stale:
            raise ImpossibleActionError(f"no button {action_id} on message {message.ts}")
        text = {"type": "plain_text", "text": "?", "emoji": False}
        button = {"type": "button", "action_id": action_id, "text": text, "value": value or ""}
        return {"block_id": "gone"}, button

    def _top_view(self, user: str, view: str | Mapping[str, Any] | None) -> dict[str, Any]:
        stack = self.workspace.modals.get(user, [])
        wanted = view["id"] if isinstance(view, Mapping) else view
        if not stack or wanted not in {None, stack[-1]["id"]}:
            raise ImpossibleActionError(f"{user} has no such modal in front")
        return stack[-1]

    def _begin(self, user: str) -> Outcome:
        return Outcome(user, self.workspace, len(self.workspace.journal))

    def _deliver(self, outcome: Outcome, kind: str, payload: dict[str, Any], *, accepts: bool) -> tuple[Outcome, Ack]:
        ack = self.socket.deliver(kind, payload, accepts=accepts)
        outcome.seconds = ack.seconds
        if ack.status != "acked":
            outcome.fail(_NO_ANSWER[ack.status])
        return outcome, ack
