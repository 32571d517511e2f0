"""The nouns of the simulated Slack: people, channels, messages, tokens, what people saw, what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from jenkins_mfa.errors import JenkinsMfaError

Kind = Literal[
    "message", "edit", "delete", "ephemeral", "modal", "modal_update", "modal_close", "home", "field_errors", "error"
]


class ApiError(JenkinsMfaError):
    """Slack answers with an error code; `more` are further members of the answer (needed, provided, …)."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


class ImpossibleActionError(JenkinsMfaError):
    """A person cannot do this in Slack: the button, dialog, modal, field or channel is not there for them."""


@dataclass
class User:
    """A person or bot. `guest` is a restricted account, `deleted` a deactivated one. The address is told with
    the scope users:read.email only.
    """

    id: str
    name: str
    team: str
    guest: bool = False
    deleted: bool = False
    bot: bool = False
    email: str = ""
    email_confirmed: bool = True

    @property
    def username(self) -> str:
        """The old-style name: lower case, no spaces."""
        return self.name.lower().replace(" ", ".")


@dataclass
class Channel:
    """A public or private channel or a direct message between the bot and one person."""

    id: str
    name: str
    kind: Literal["public", "private", "im"]
    members: list[str]
    archived: bool = False


@dataclass
class UserGroup:
    """A user group (`S…`), which some call a subteam; `disabled` is one that was switched off."""

    id: str
    members: list[str]
    disabled: bool = False


@dataclass
class Message:
    """A message as it stands now. `edits` holds the earlier (text, blocks); `only_for` makes it ephemeral."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[dict[str, Any]]
    thread_ts: str | None = None
    metadata: dict[str, Any] | None = None
    edits: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    deleted: bool = False
    only_for: str | None = None


@dataclass(frozen=True)
class Sight:
    """One thing that appeared to people: to `user`, or to all who can see `channel` if `user` is None.

    `text` is what stands there, flattened; `body` the blocks, view or errors themselves; `at` in seconds.
    """

    at: float
    kind: Kind
    text: str
    user: str | None = None
    channel: str | None = None
    ts: str | None = None
    body: Any = None


@dataclass
class Token:
    """A token with its scopes; `kind` is bot (xoxb-) or app (xapp-)."""

    kind: Literal["bot", "app"]
    scopes: tuple[str, ...]
    revoked: bool = False


@dataclass
class ResponseUrl:
    """Where an app may answer an interaction: for whom, in which channel, on which message (its ts)."""

    user: str
    channel: str
    source: str | None
    issued: float
    uses: int = 0
