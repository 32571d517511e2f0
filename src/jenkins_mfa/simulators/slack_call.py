"""One call of a Web API method: its arguments, its token, and what every method checks alike."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from jenkins_mfa.simulators.slack_model import ApiError, Channel, Token
from jenkins_mfa.simulators.slack_state import Workspace

Answer = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A call whose token may use the method; `args` are the decoded form, query or JSON members."""

    workspace: Workspace
    args: dict[str, Any]
    token: Token

    def text(self, key: str) -> str:
        """A required argument. Raises ApiError(invalid_arguments) if it is missing or no string."""
        value = self.args.get(key)
        if not isinstance(value, str) or not value:
            told = {"messages": [f"[ERROR] missing required field: {key}"]}
            raise ApiError("invalid_arguments", response_metadata=told)
        return value

    def flag(self, key: str) -> bool:
        """An optional boolean, in any of the ways that forms and JSON write it."""
        return str(self.args.get(key, "")).lower() in {"1", "true"}

    def json(self, key: str, default: Any, code: str) -> Any:
        """An optional argument that forms carry as JSON text. Raises ApiError(code) if it is none."""
        value = self.args.get(key)
        if value is None:
            return default
        return parse_json(value, code) if isinstance(value, str) else value

    def page(self, items: list[Any], key: str) -> Answer:
        """One page of `items` as Slack pages them: `limit` (100 without) and an opaque `cursor`."""
        given = str(self.args.get("limit") or 100)
        cursor = str(self.args.get("cursor") or "at:0")
        limit = int(given) if given.isdecimal() else 0
        if not 1 <= limit <= 1000:
            raise ApiError("invalid_limit")
        if not cursor.startswith("at:") or not cursor[3:].isdecimal():
            raise ApiError("invalid_cursor")
        start = int(cursor[3:])
        following = f"at:{start + limit}" if start + limit < len(items) else ""
        return {key: items[start : start + limit], "response_metadata": {"next_cursor": following}}


def parse_json(text: str, code: str) -> Any:
    """JSON from an argument. Raises ApiError(code) if it is none."""
    try:
        return json.loads(text)
    except ValueError:
        raise ApiError(code) from None


def authorize(workspace: Workspace, secret: str, kind: str | None, scope: str | None) -> Token:
    """The token behind `secret`. Raises ApiError as Slack does for absent, unknown, revoked and weak ones."""
    if not secret:
        raise ApiError("not_authed")
    token = workspace.tokens.get(secret)
    if token is None:
        raise ApiError("invalid_auth")
    if token.revoked:
        raise ApiError("token_revoked")
    if kind not in {None, token.kind}:
        raise ApiError("not_allowed_token_type")
    if scope:
        need_scope(token, scope)
    return token


def need_scope(token: Token, scope: str) -> None:
    """Raises ApiError(missing_scope), with what is needed and what the token has."""
    if scope not in token.scopes:
        raise ApiError("missing_scope", needed=scope, provided=",".join(token.scopes))


def reachable_channel(call: Call, channel_id: str) -> Channel:
    """The channel, if the bot can know of it. Raises ApiError(channel_not_found)."""
    channel = call.workspace.channels.get(channel_id)
    if channel is None or (channel.kind != "public" and call.workspace.bot_user not in channel.members):
        raise ApiError("channel_not_found")
    return channel
