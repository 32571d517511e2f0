"""The state of one simulated Slack workspace, and who saw what when.

Everything changes under one condition (`Workspace.changed`), which wakes whoever waits for a state.
"""

from __future__ import annotations

import copy
import itertools
import math
import secrets
import threading
from collections.abc import Callable
from typing import Any

from jenkins_mfa.simulators.slack_model import (
    ApiError,
    Channel,
    Kind,
    Message,
    ResponseUrl,
    Sight,
    Token,
    User,
    UserGroup,
)
from jenkins_mfa.simulators.slack_rules import block_elements
from jenkins_mfa.simulators.slack_text import plain, plain_view

#: A trigger_id opens one modal within this many seconds.
TRIGGER_SECONDS = 3.0
#: A response_url works this many times …
RESPONSE_USES = 5
#: … within this many seconds.
RESPONSE_SECONDS = 1800.0


class Workspace:
    """One workspace with one installed app; all methods may be called from any thread."""

    app_id = "A0MFA"
    bot_id = "B0MFA"
    bot_user = "U0MFA"

    def __init__(self, team: str, team_name: str, now: Callable[[], float]) -> None:
        self.team = team
        self.team_name = team_name
        self.domain = team_name.lower().replace(" ", "-")
        self.now = now
        self.changed = threading.Condition(threading.RLock())
        self.users = {self.bot_user: User(self.bot_user, "jenkins-mfa", team, bot=True)}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, UserGroup] = {}
        self.messages: dict[tuple[str, str], Message] = {}
        self.modals: dict[str, list[dict[str, Any]]] = {}
        #: What the app has published in people's Home tabs; whether its manifest has that tab.
        self.homes: dict[str, dict[str, Any]] = {}
        self.home_enabled = True
        self.tokens: dict[str, Token] = {}
        self.journal: list[Sight] = []
        self.socket_url = ""
        self.tickets: set[str] = set()
        self.response_urls: dict[str, ResponseUrl] = {}
        #: Messages that a channel takes in a second; None: any number.
        self.posts_per_second: float | None = None
        #: Messages that a channel takes at once before the pace holds.
        self.burst = 1
        self._budgets: dict[str, tuple[float, float]] = {}
        self._triggers: dict[str, tuple[str, float, bool]] = {}
        self._numbers = itertools.count(1)
        self._last_ts = 0

    def new_id(self, prefix: str) -> str:
        """An id that no other thing of this workspace has."""
        return f"{prefix}{next(self._numbers):08d}"

    def new_ts(self) -> str:
        """A time stamp later than every other, in Slack's form: seconds, a point, six digits."""
        with self.changed:
            self._last_ts = max(self._last_ts + 1, int(self.now() * 1_000_000))
            return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def record(self, kind: Kind, text: str, **more: Any) -> None:
        """Note that people saw something, and wake who waits."""
        with self.changed:
            more["body"] = copy.deepcopy(more.get("body"))
            self.journal.append(Sight(self.now(), kind, text, **more))
            self.changed.notify_all()

    def sees(self, user: str, sight: Sight) -> bool:
        """Whether this person saw it."""
        if sight.user is not None or sight.channel is None:
            return sight.user == user
        return self.can_read(user, sight.channel)

    def can_read(self, user: str, channel: str) -> bool:
        """Whether this person can look into the channel: it is public, or they are in it."""
        place = self.channels[channel]
        outsider = self.users[user].guest or self.users[user].team != self.team
        return user in place.members or (place.kind == "public" and not outsider)

    def post(self, message: Message) -> Message:
        """Put a message into its channel, or before the one person that it is for."""
        with self.changed:
            for block in message.blocks:
                self.name_block(block)
            self.messages[message.channel, message.ts] = message
            self.record(
                "message" if message.only_for is None else "ephemeral",
                plain(message),
                user=message.only_for,
                channel=message.channel,
                ts=message.ts,
                body=message.blocks,
            )
            return message

    def edit(self, message: Message, text: str, blocks: list[dict[str, Any]]) -> None:
        """Replace what a message says; what it said before stays in its history."""
        with self.changed:
            message.edits.append((message.text, message.blocks))
            for block in blocks:
                self.name_block(block)
            message.text, message.blocks = text, blocks
            where = {"user": message.only_for, "channel": message.channel, "ts": message.ts}
            self.record("edit", plain(message), **where, body=blocks)

    def delete(self, message: Message) -> None:
        """Take a message away."""
        with self.changed:
            message.deleted = True
            self.record("delete", "", user=message.only_for, channel=message.channel, ts=message.ts)

    def find(self, channel: str, ts: str) -> Message | None:
        """The message with this time stamp, deleted ones and ephemerals included."""
        with self.changed:
            return self.messages.get((channel, ts))

    def name_block(self, block: dict[str, Any]) -> None:
        """Give a block and its elements the ids that the app left out."""
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in block_elements(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))

    def pace(self, channel: str) -> None:
        """Count one posting. Raises ApiError(ratelimited, retry_after in s) if it comes too fast."""
        if self.posts_per_second is None:
            return
        left, counted = self._budgets.get(channel, (float(self.burst), self.now()))
        left = min(self.burst, left + (self.now() - counted) * self.posts_per_second)
        if left < 1:
            raise ApiError("ratelimited", retry_after=math.ceil((1 - left) / self.posts_per_second))
        self._budgets[channel] = (left - 1, self.now())

    def open_im(self, user: str) -> Channel:
        """The direct message channel of the bot and this person, made at the first use."""
        with self.changed:
            found = (c for c in self.channels.values() if c.kind == "im" and user in c.members)
            place = next(found, None)
            if place is None:
                place = Channel(self.new_id("D"), "directmessage", "im", [user, self.bot_user])
                self.channels[place.id] = place
            return place

    def new_trigger(self, user: str) -> str:
        """A trigger_id for one modal, as of now."""
        trigger = f"{next(self._numbers)}.{self.team}.{secrets.token_hex(8)}"
        self._triggers[trigger] = (user, self.now(), False)
        return trigger

    def trigger_owner(self, trigger: str, use: bool) -> str:
        """Whose interaction this is; with `use` the trigger is spent. Raises ApiError if it opens nothing."""
        with self.changed:
            user, issued, used = self._triggers.get(trigger, ("", 0.0, False))
            if not user:
                raise ApiError("invalid_trigger_id")
            if used:
                raise ApiError("exchanged_trigger_id")
            if self.now() - issued > TRIGGER_SECONDS:
                raise ApiError("expired_trigger_id")
            self._triggers[trigger] = (user, issued, use)
            return user

    def open_view(self, user: str, view: dict[str, Any]) -> dict[str, Any]:
        """Show a modal on top of this person's stack; returns it as Slack describes it."""
        with self.changed:
            stack = self.modals.setdefault(user, [])
            body: dict[str, Any] = {"id": self.new_id("V"), "team_id": self.team, "external_id": "", "callback_id": ""}
            body |= {"private_metadata": "", "app_id": self.app_id, "bot_id": self.bot_id}
            body |= {
                "app_installed_team_id": self.team,
                "previous_view_id": stack[-1]["id"] if stack else None,
            }
            body["root_view_id"] = stack[0]["id"] if stack else body["id"]
            stack.append(self._filled(body, view))
            self.record("modal", plain_view(stack[-1]), user=user, body=stack[-1])
            return stack[-1]

    def replace_view(self, user: str, view_id: str, view: dict[str, Any]) -> dict[str, Any]:
        """Show another content in an open modal. Raises ApiError(not_found) if it is closed."""
        with self.changed:
            stack = self.modals.get(user, [])
            at = next((i for i, open_view in enumerate(stack) if open_view["id"] == view_id), None)
            if at is None:
                raise ApiError("not_found")
            kept = (
                "id",
                "team_id",
                "app_id",
                "bot_id",
                "app_installed_team_id",
                "previous_view_id",
                "root_view_id",
            )
            body = {key: stack[at][key] for key in kept}
            body |= {"external_id": "", "callback_id": "", "private_metadata": ""}
            stack[at] = self._filled(body, view)
            self.record("modal_update", plain_view(stack[at]), user=user, body=stack[at])
            return stack[at]

    def close_views(self, user: str, *, all_of_them: bool = False) -> None:
        """Close the topmost modal of this person, or the whole stack."""
        with self.changed:
            stack = self.modals.get(user, [])
            while stack:
                self.record("modal_close", plain_view(stack[-1]), user=user, body=stack.pop())
                if not all_of_them:
                    return

    def _filled(self, body: dict[str, Any], view: dict[str, Any]) -> dict[str, Any]:
        bare = {"submit": None, "close": None, "clear_on_close": False, "notify_on_close": False}
        shown: dict[str, Any] = (
            body | bare | copy.deepcopy(view) | {"state": {"values": {}}, "hash": secrets.token_hex(6)}
        )
        for block in shown["blocks"]:
            self.name_block(block)
        return shown
