"""App Home of the simulated Slack: one view for each person, which the app publishes and the person opens."""

from __future__ import annotations

import copy
import secrets
from typing import Any

from jenkins_mfa.simulators import slack_rules as rules
from jenkins_mfa.simulators.slack_call import Answer, Call
from jenkins_mfa.simulators.slack_model import ApiError
from jenkins_mfa.simulators.slack_state import Workspace
from jenkins_mfa.simulators.slack_text import plain_blocks


def views_publish(call: Call) -> Answer:
    """views.publish: what stands in one person's Home tab from now on. `hash` is that of the view it replaces."""
    workspace, user = call.workspace, call.text("user_id")
    if not workspace.home_enabled:
        raise ApiError("not_enabled")
    person = workspace.users.get(user)
    if person is None or person.bot or person.deleted:
        told = {"messages": ["[ERROR] invalid `user_id`"]}
        raise ApiError("invalid_arguments", response_metadata=told)
    view = call.json("view", None, "invalid_arguments")
    problems = rules.home_problems(view)
    if problems:
        raise ApiError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {one}" for one in problems]})
    if rules.compact_bytes(view) > rules.MAX_VIEW_BYTES:
        raise ApiError("view_too_large")
    known, expected = workspace.homes.get(user), call.args.get("hash")
    if expected and known is not None and expected != known["hash"]:
        raise ApiError("hash_conflict")
    return {"view": copy.deepcopy(_published(workspace, user, view))}


def _published(workspace: Workspace, user: str, view: dict[str, Any]) -> dict[str, Any]:
    """Show it; the view keeps its id."""
    known = workspace.homes.get(user)
    kept = {"id": known["id"] if known else workspace.new_id("V"), "team_id": workspace.team, "external_id": ""}
    kept |= {"app_id": workspace.app_id, "bot_id": workspace.bot_id, "app_installed_team_id": workspace.team}
    shown: dict[str, Any] = kept | {"private_metadata": "", "callback_id": ""} | copy.deepcopy(view)
    shown |= {"state": {"values": {}}, "hash": secrets.token_hex(6)}
    for block in shown["blocks"]:
        workspace.name_block(block)
    workspace.homes[user] = shown
    workspace.record("home", plain_blocks(shown["blocks"]), user=user, body=shown)
    return shown


def opened(workspace: Workspace, user: str, tab: str) -> dict[str, Any]:
    """The event that somebody opened the app in Slack; with the view that stands there."""
    body: dict[str, Any] = {"type": "app_home_opened", "user": user, "channel": workspace.open_im(user).id, "tab": tab}
    body["event_ts"] = workspace.new_ts()
    known = workspace.homes.get(user)
    return body | ({"view": copy.deepcopy(known)} if known and tab == "home" else {})


def from_view(workspace: Workspace, view: dict[str, Any], block: dict[str, Any], button: dict[str, Any]) -> Answer:
    """What a press on a view's button adds to the payload: there is no channel, no message and no response_url."""
    kept = ("type", "action_id", "text", "value", "style", "url")
    action = {key: copy.deepcopy(button[key]) for key in kept if key in button}
    return {
        "container": {"type": "view", "view_id": view["id"]},
        "view": copy.deepcopy(view),
        "actions": [action | {"block_id": block["block_id"], "action_ts": workspace.new_ts()}],
    }
