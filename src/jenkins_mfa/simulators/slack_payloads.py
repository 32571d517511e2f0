"""The payloads that the simulated Slack sends to the app, in Slack's own shapes."""

from __future__ import annotations

import copy
from typing import Any

from jenkins_mfa.simulators.slack_api import message_json
from jenkins_mfa.simulators.slack_model import Channel, Message, User
from jenkins_mfa.simulators.slack_state import Workspace

_VERIFICATION_TOKEN = "deprecated-verification-token"


def interaction(workspace: Workspace, user: User, kind: str) -> dict[str, Any]:
    """What all interactive payloads have."""
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.username, "name": user.username, "team_id": user.team},
        "api_app_id": workspace.app_id,
        "token": _VERIFICATION_TOKEN,
        "trigger_id": workspace.new_trigger(user.id),
        "team": {"id": workspace.team, "domain": workspace.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def from_message(
    workspace: Workspace, message: Message, block: dict[str, Any], button: dict[str, Any]
) -> dict[str, Any]:
    """What a press on a message's button adds; ephemeral messages do not travel with it."""
    kept = ("type", "action_id", "text", "value", "style", "url")
    action = {key: copy.deepcopy(button[key]) for key in kept if key in button}
    container: dict[str, Any] = {"type": "message", "message_ts": message.ts, "channel_id": message.channel}
    container["is_ephemeral"] = message.only_for is not None
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    added = {
        "container": container,
        "channel": {"id": message.channel, "name": workspace.channels[message.channel].name},
        "state": {"values": {}},
        "actions": [action | {"block_id": block["block_id"], "action_ts": workspace.new_ts()}],
    }
    return added if message.only_for else added | {"message": message_json(workspace, message)}


def slash(workspace: Workspace, user: User, channel: Channel, command: str, text: str) -> dict[str, Any]:
    """A slash command; all members are strings, as in the form that Slack posts."""
    names = {"public": channel.name, "private": "privategroup", "im": "directmessage"}
    return {
        "token": _VERIFICATION_TOKEN,
        "team_id": workspace.team,
        "team_domain": workspace.domain,
        "channel_id": channel.id,
        "channel_name": names[channel.kind],
        "user_id": user.id,
        "user_name": user.username,
        "command": command,
        "text": text,
        "api_app_id": workspace.app_id,
        "is_enterprise_install": "false",
        "trigger_id": workspace.new_trigger(user.id),
    }


def event(workspace: Workspace, body: dict[str, Any]) -> dict[str, Any]:
    """An event of the Events API."""
    return {
        "token": _VERIFICATION_TOKEN,
        "team_id": workspace.team,
        "api_app_id": workspace.app_id,
        "event": body,
        "type": "event_callback",
        "event_id": workspace.new_id("Ev"),
        "event_time": int(workspace.now()),
        "is_ext_shared_channel": False,
    }
