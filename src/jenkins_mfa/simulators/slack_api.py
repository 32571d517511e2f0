"""The Web API methods of the simulated Slack: chat and modals here, people and channels in slack_directory.

A method takes a `Call` and returns the members of its answer; ApiError becomes `{"ok": false, "error": …}`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from jenkins_mfa.simulators import slack_directory as directory
from jenkins_mfa.simulators import slack_home as home
from jenkins_mfa.simulators import slack_rules as rules
from jenkins_mfa.simulators.slack_call import Answer, Call, authorize, reachable_channel
from jenkins_mfa.simulators.slack_model import ApiError, Channel, Message
from jenkins_mfa.simulators.slack_state import Workspace


@dataclass(frozen=True)
class Method:
    """One Web API method: what answers it, which kind of token (None: any) and which scope it needs."""

    run: Callable[[Call], Answer]
    scope: str | None = None
    token: Literal["bot", "app"] | None = "bot"


def message_json(workspace: Workspace, message: Message) -> Answer:
    """A message as Slack shows it to apps."""
    shown: Answer = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    shown |= {"team": workspace.team, "blocks": copy.deepcopy(message.blocks)}
    if message.user == workspace.bot_user:
        shown |= {"bot_id": workspace.bot_id, "app_id": workspace.app_id}
    optional = {"thread_ts": message.thread_ts, "metadata": message.metadata}
    if message.edits:
        optional["edited"] = {"user": message.user, "ts": message.ts}
    return shown | {key: value for key, value in optional.items() if value}


def checked_content(text: Any, blocks: Any) -> tuple[str, list[dict[str, Any]]]:
    """The text and blocks of a message that Slack takes. Raises ApiError with the code of the first fault."""
    if not isinstance(text, str) or not text.strip():
        raise ApiError("no_text")
    if len(text.encode("utf-8", "surrogatepass")) > rules.MAX_TEXT_BYTES:
        raise ApiError("msg_too_long")
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    problems = rules.block_problems(blocks)
    if problems:
        told = {"messages": [f"[ERROR] {problem}" for problem in problems]}
        raise ApiError("invalid_blocks", errors=problems, response_metadata=told)
    if rules.compact_bytes(blocks) > rules.MAX_BLOCKS_BYTES:
        raise ApiError("msg_blocks_too_long")
    return text, copy.deepcopy(blocks)


def checked_view(view: Any) -> dict[str, Any]:
    """A modal that Slack takes. Raises ApiError(invalid_arguments, view_too_large)."""
    problems = rules.view_problems(view)
    if problems:
        told = {"messages": [f"[ERROR] {problem}" for problem in problems]}
        raise ApiError("invalid_arguments", response_metadata=told)
    if rules.compact_bytes(view) > rules.MAX_VIEW_BYTES:
        raise ApiError("view_too_large")
    accepted: dict[str, Any] = view
    return accepted


def _post_message(call: Call) -> Answer:
    workspace = call.workspace
    target = call.text("channel")
    user = workspace.users.get(target)
    channel = workspace.open_im(target) if user and not user.bot else _writable(call, target)
    text, blocks = checked_content(call.args.get("text"), call.json("blocks", [], "invalid_blocks_format"))
    thread = call.args.get("thread_ts")
    if thread and workspace.find(channel.id, thread) is None:
        raise ApiError("thread_not_found")
    workspace.pace(channel.id)
    message = Message(channel.id, workspace.new_ts(), workspace.bot_user, text, blocks, thread)
    message.metadata = _metadata(call)
    workspace.post(message)
    return {"channel": channel.id, "ts": message.ts, "message": message_json(workspace, message)}


def _metadata(call: Call) -> dict[str, Any] | None:
    given = call.json("metadata", None, "invalid_metadata_format")
    if given is None:
        return None
    if not isinstance(given, dict) or given.keys() != {"event_type", "event_payload"}:
        raise ApiError("invalid_metadata_schema")
    return given


def _writable(call: Call, channel_id: str) -> Channel:
    channel = reachable_channel(call, channel_id)
    if channel.archived:
        raise ApiError("is_archived")
    if call.workspace.bot_user not in channel.members and "chat:write.public" not in call.token.scopes:
        raise ApiError("not_in_channel")
    return channel


def _update(call: Call) -> Answer:
    workspace = call.workspace
    channel = _writable(call, call.text("channel"))
    message = workspace.find(channel.id, call.text("ts"))
    if message is None or message.deleted or message.only_for:
        raise ApiError("message_not_found")
    if message.user != workspace.bot_user:
        raise ApiError("cant_update_message")
    given = call.json("blocks", message.blocks, "invalid_blocks_format")
    text, blocks = checked_content(call.args.get("text"), given)
    message.metadata = _metadata(call) or message.metadata
    workspace.edit(message, text, blocks)
    shown = message_json(workspace, message)
    return {"channel": channel.id, "ts": message.ts, "text": text, "message": shown}


def _post_ephemeral(call: Call) -> Answer:
    workspace = call.workspace
    channel = _writable(call, call.text("channel"))
    user = call.text("user")
    if user not in workspace.users or user not in channel.members:
        raise ApiError("user_not_in_channel")
    text, blocks = checked_content(call.args.get("text"), call.json("blocks", [], "invalid_blocks_format"))
    message = Message(channel.id, workspace.new_ts(), workspace.bot_user, text, blocks, only_for=user)
    workspace.post(message)
    return {"message_ts": message.ts}


def _permalink(call: Call) -> Answer:
    channel = reachable_channel(call, call.text("channel"))
    ts = call.text("message_ts")
    if call.workspace.find(channel.id, ts) is None:
        raise ApiError("message_not_found")
    link = f"https://{call.workspace.domain}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": link}


def _views_open(call: Call) -> Answer:
    workspace = call.workspace
    workspace.trigger_owner(call.text("trigger_id"), use=False)
    view = checked_view(call.json("view", None, "invalid_arguments"))
    user = workspace.trigger_owner(call.text("trigger_id"), use=True)
    return {"view": copy.deepcopy(workspace.open_view(user, view))}


def _views_update(call: Call) -> Answer:
    view = checked_view(call.json("view", None, "invalid_arguments"))
    wanted = call.args.get("view_id") or call.text("external_id")
    expected = call.args.get("hash")
    for user, stack in call.workspace.modals.items():
        for shown in stack:
            if wanted in {shown["id"], shown["external_id"] or None}:
                if expected and expected != shown["hash"]:
                    raise ApiError("hash_conflict")
                return {"view": copy.deepcopy(call.workspace.replace_view(user, shown["id"], view))}
    raise ApiError("not_found")


METHODS: dict[str, Method] = {
    "chat.postMessage": Method(_post_message, "chat:write"),
    "chat.update": Method(_update, "chat:write"),
    "chat.postEphemeral": Method(_post_ephemeral, "chat:write"),
    "chat.getPermalink": Method(_permalink),
    "views.open": Method(_views_open),
    "views.update": Method(_views_update),
    "views.publish": Method(home.views_publish),
    "apps.connections.open": Method(directory.connections_open, "connections:write", token="app"),
    "auth.test": Method(directory.auth_test, token=None),
    "conversations.open": Method(directory.conversations_open, "im:write"),
    "conversations.info": Method(directory.conversations_info),
    "conversations.members": Method(directory.conversations_members),
    "conversations.list": Method(directory.conversations_list),
    "users.info": Method(directory.users_info, "users:read"),
    "users.lookupByEmail": Method(directory.users_lookup_by_email, "users:read.email"),
    "users.list": Method(directory.users_list, "users:read"),
    "usergroups.users.list": Method(directory.usergroups_users_list, "usergroups:read"),
    "team.info": Method(directory.team_info, "team:read"),
}


def answer(workspace: Workspace, name: str, secret: str, args: dict[str, Any]) -> Answer:
    """What Slack answers to this method with this token. Raises ApiError where it is not `ok`."""
    method = METHODS.get(name)
    if method is None:
        raise ApiError("unknown_method", req_method=name)
    token = authorize(workspace, secret, method.token, method.scope)
    with workspace.changed:
        return method.run(Call(workspace, args, token))
