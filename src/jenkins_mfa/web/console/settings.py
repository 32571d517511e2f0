"""Who may sign in to the console, and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SlackSignIn:
    """Our client at Slack's OpenID Connect. `issuer` is Slack's address without a slash, `team` the workspace's id.
    What stands in `secret_file` counts at once.
    """

    issuer: str
    team: str
    client_id: str
    secret_file: Path


@dataclass(frozen=True, slots=True)
class Console:
    """[console]. `identity_header` is the header in which the reverse proxy of [web] names who is there; empty: none.

    A passkey that is enrolled here signs in always.
    """

    slack: SlackSignIn | None = None
    identity_header: str = ""
