"""The simulated Slack as tests and pages set it up and look at it: people, channels, what stands where."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any, Self, TypeVar

from jenkins_mfa.simulators.slack_model import Channel, Message, Sight, User, UserGroup
from jenkins_mfa.simulators.slack_outcome import Outcome
from jenkins_mfa.simulators.slack_state import Workspace
from jenkins_mfa.simulators.slack_text import plain

T = TypeVar("T")


class World:
    """One workspace; all that is returned is a copy of the moment."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def add_user(
        self,
        user_id: str,
        name: str,
        *,
        team: str | None = None,
        guest: bool = False,
        deleted: bool = False,
        email: str = "",
    ) -> User:
        """A person; `team` of another workspace makes them an outsider in shared channels."""
        with self.workspace.changed:
            user = User(user_id, name, team or self.workspace.team, guest, deleted, email=email)
            self.workspace.users[user_id] = user
            return user

    def set_user(self, user_id: str, *, guest: bool = False, deleted: bool = False) -> None:
        """Make a person a guest, or deactivate them, or neither."""
        with self.workspace.changed:
            user = self.workspace.users[user_id]
            user.guest, user.deleted = guest, deleted

    def add_channel(
        self,
        channel_id: str,
        name: str,
        *,
        members: Iterable[str] = (),
        private: bool = False,
        bot: bool = True,
    ) -> Channel:
        """A channel with these people; `bot` says whether the app was invited, too."""
        with self.workspace.changed:
            inside = [*members, *([self.workspace.bot_user] if bot else [])]
            channel = Channel(channel_id, name, "private" if private else "public", inside)
            self.workspace.channels[channel_id] = channel
            return channel

    def set_group(self, group_id: str, *members: str, disabled: bool = False) -> None:
        """A user group with these people and nobody else. Raises KeyError for people whom the workspace has not."""
        with self.workspace.changed:
            inside = [self.workspace.users[member].id for member in members]
            self.workspace.groups[group_id] = UserGroup(group_id, inside, disabled)

    def archive(self, channel: str, archived: bool = True) -> None:
        """Archive a channel, or bring it back."""
        with self.workspace.changed:
            self.workspace.channels[channel].archived = archived

    def delete_message(self, channel: str, ts: str) -> None:
        """Delete a message, as its channel's owner may."""
        with self.workspace.changed:
            self.workspace.delete(self.workspace.messages[channel, ts])

    def im(self, user: str) -> str:
        """The id of the direct message channel between the bot and this person."""
        return self.workspace.open_im(user).id

    def channels_of(self, user: str) -> list[Channel]:
        """The channels and direct messages that this person can look into."""
        with self.workspace.changed:
            places = self.workspace.channels.values()
            return copy.deepcopy([place for place in places if self.workspace.can_read(user, place.id)])

    def messages(self, channel: str, thread_ts: str | None = None) -> list[Message]:
        """The messages of a channel as they stand now, oldest first; or only the replies of one thread."""
        with self.workspace.changed:
            found = (m for m in self.workspace.messages.values() if m.channel == channel)
            shown = [m for m in found if not m.deleted and not m.only_for and thread_ts in {None, m.thread_ts}]
            return copy.deepcopy(shown)

    def ephemerals(self, user: str) -> list[Message]:
        """The messages that only this person sees, oldest first."""
        with self.workspace.changed:
            return copy.deepcopy([m for m in self.workspace.messages.values() if m.only_for == user and not m.deleted])

    def views(self, user: str) -> list[dict[str, Any]]:
        """The open modals of this person, the one in front last."""
        with self.workspace.changed:
            return copy.deepcopy(self.workspace.modals.get(user, []))

    def home(self, user: str) -> dict[str, Any] | None:
        """What stands in this person's Home tab; None where nothing was published."""
        with self.workspace.changed:
            return copy.deepcopy(self.workspace.homes.get(user))

    def sights(self, user: str, start: int = 0) -> list[Sight]:
        """All that this person saw from entry `start` of the journal on, in order of time."""
        return Outcome(user, self.workspace, start).seen

    @property
    def revision(self) -> int:
        """The number of changes that people could see so far."""
        return len(self.workspace.journal)

    def wait_for(self, predicate: Callable[[Self], T], timeout: float = 5.0) -> T:
        """The first true value of `predicate(self)`, looked at after each change. Raises TimeoutError."""
        found: list[T] = []

        def holds() -> bool:
            found[:] = [predicate(self)]
            return bool(found[0])

        with self.workspace.changed:
            if not self.workspace.changed.wait_for(holds, timeout):
                last = [plain(message) for message in list(self.workspace.messages.values())[-3:]]
                raise TimeoutError(f"not within {timeout} s; the last messages: {last}")
            return found[0]
