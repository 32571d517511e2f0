"""What an app says back to an interaction: through its response_url, or in its answer to a slash command."""

from __future__ import annotations

import secrets
from typing import Any

from jenkins_mfa.simulators.slack_api import checked_content
from jenkins_mfa.simulators.slack_model import ApiError, Message, ResponseUrl
from jenkins_mfa.simulators.slack_state import RESPONSE_SECONDS, RESPONSE_USES, Workspace


def new_response_url(workspace: Workspace, kind: str, target: ResponseUrl) -> str:
    """The path of a fresh response_url; `kind` is actions or commands, as in Slack's own addresses."""
    path = f"/{kind}/{workspace.team}/{workspace.new_id('')}/{secrets.token_hex(12)}"
    workspace.response_urls[path] = target
    return path


def use_response_url(workspace: Workspace, path: str, body: Any) -> None:
    """Take what an app posts to a response_url. Raises ApiError: used_url, expired_url, bad content."""
    with workspace.changed:
        target = workspace.response_urls.get(path)
        if target is None:
            raise ApiError("no_active_hooks")
        if workspace.now() - target.issued > RESPONSE_SECONDS:
            raise ApiError("expired_url")
        if target.uses >= RESPONSE_USES:
            raise ApiError("used_url")
        apply_response(workspace, target, body)
        target.uses += 1


def apply_response(workspace: Workspace, target: ResponseUrl, body: Any) -> None:
    """Show an app's answer: to the one person, in the channel, or in place of the original message."""
    if not isinstance(body, dict):
        raise ApiError("invalid_payload")
    original = workspace.find(target.channel, target.source) if target.source else None
    if body.get("delete_original") and original:
        workspace.delete(original)
        return
    text, blocks = checked_content(body.get("text"), body.get("blocks", []))
    if body.get("replace_original") and original:
        workspace.edit(original, text, blocks)
        return
    if body.get("response_type", "ephemeral") not in {"ephemeral", "in_channel"}:
        raise ApiError("invalid_response_type")
    only_for = None if body.get("response_type") == "in_channel" else target.user
    message = Message(target.channel, workspace.new_ts(), workspace.bot_user, text, blocks, only_for=only_for)
    workspace.post(message)
