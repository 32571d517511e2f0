"""Web API methods of the simulated Slack that tell about people, channels, the team and the token."""

from __future__ import annotations

import secrets

from jenkins_mfa.simulators.slack_call import Answer, Call, need_scope, reachable_channel
from jenkins_mfa.simulators.slack_model import ApiError, Channel, User

_READ_SCOPE = {"public": "channels:read", "private": "groups:read", "im": "im:read"}
_TYPES = {"public_channel": "public", "private_channel": "private", "im": "im"}


def auth_test(call: Call) -> Answer:
    """auth.test: whose token this is."""
    workspace = call.workspace
    if call.token.kind == "app":
        return {"app_name": "jenkins-mfa", "app_id": workspace.app_id}
    bot = workspace.users[workspace.bot_user]
    return {
        "url": f"https://{workspace.domain}.slack.com/",
        "team": workspace.team_name,
        "user": bot.username,
        "team_id": workspace.team,
        "user_id": bot.id,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def connections_open(call: Call) -> Answer:
    """apps.connections.open: an address for one Socket Mode connection."""
    ticket = secrets.token_hex(16)
    call.workspace.tickets.add(ticket)
    return {"url": f"{call.workspace.socket_url}/link/?ticket={ticket}&app_id={call.workspace.app_id}"}


def team_info(call: Call) -> Answer:
    """team.info: the workspace."""
    workspace = call.workspace
    return {"team": {"id": workspace.team, "name": workspace.team_name, "domain": workspace.domain}}


def _user_json(call: Call, user: User) -> Answer:
    address = {"email": user.email} if user.email and "users:read.email" in call.token.scopes else {}
    return {
        "id": user.id,
        "team_id": user.team,
        "name": user.username,
        "real_name": user.name,
        "deleted": user.deleted,
        "is_bot": user.bot,
        "is_admin": False,
        "is_owner": False,
        "is_restricted": user.guest,
        "is_ultra_restricted": False,
        "is_stranger": user.team != call.workspace.team,
        "is_app_user": False,
        "is_email_confirmed": user.email_confirmed,
        "updated": 0,
        "profile": {"real_name": user.name, "display_name": user.username, "team": user.team, **address},
    }


def users_info(call: Call) -> Answer:
    """users.info: one person, deactivated ones and those of other workspaces included."""
    user = call.workspace.users.get(call.text("user"))
    if user is None:
        raise ApiError("user_not_found")
    return {"user": _user_json(call, user)}


def users_lookup_by_email(call: Call) -> Answer:
    """users.lookupByEmail: the active person of the workspace with an address, in any case."""
    wanted = call.text("email").lower()
    for user in call.workspace.users.values():
        if user.email.lower() == wanted and user.team == call.workspace.team and not user.deleted:
            return {"user": _user_json(call, user)}
    raise ApiError("users_not_found")


def users_list(call: Call) -> Answer:
    """users.list: everybody of the workspace, in pages."""
    members = [user for user in call.workspace.users.values() if user.team == call.workspace.team]
    return call.page([_user_json(call, user) for user in members], "members")


def usergroups_users_list(call: Call) -> Answer:
    """usergroups.users.list: the ids of all in a user group, without pages; nobody who is deactivated."""
    group = call.workspace.groups.get(call.text("usergroup"))
    if group is None or (group.disabled and not call.flag("include_disabled")):
        raise ApiError("no_such_subteam")
    return {"users": [member for member in group.members if not call.workspace.users[member].deleted]}


def _channel_json(call: Call, channel: Channel) -> Answer:
    here = call.workspace.bot_user in channel.members
    if channel.kind == "im":
        return {"id": channel.id, "is_im": True, "is_archived": False, "user": channel.members[0]}
    users = call.workspace.users
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_private": channel.kind == "private",
        "is_archived": channel.archived,
        "is_member": here,
        "is_ext_shared": any(users[member].team != call.workspace.team for member in channel.members),
        "num_members": len(channel.members),
    }


def conversations_open(call: Call) -> Answer:
    """conversations.open: the direct message channel with one person."""
    users = call.text("users").split(",")
    if len(users) > 1:
        need_scope(call.token, "mpim:write")
    user = call.workspace.users.get(users[0])
    if user is None:
        raise ApiError("user_not_found")
    if user.deleted:
        raise ApiError("user_disabled")
    if user.bot:
        raise ApiError("cannot_dm_bot")
    return {"channel": {"id": call.workspace.open_im(user.id).id}}


def _readable(call: Call) -> Channel:
    channel = reachable_channel(call, call.text("channel"))
    need_scope(call.token, _READ_SCOPE[channel.kind])
    return channel


def conversations_info(call: Call) -> Answer:
    """conversations.info: one channel."""
    return {"channel": _channel_json(call, _readable(call))}


def conversations_members(call: Call) -> Answer:
    """conversations.members: the ids of who is in a channel, in pages."""
    return call.page(list(_readable(call).members), "members")


def conversations_list(call: Call) -> Answer:
    """conversations.list: the channels of the given `types` that the bot may know (default: public ones)."""
    kinds = []
    for name in str(call.args.get("types") or "public_channel").split(","):
        if name.strip() not in _TYPES:
            raise ApiError("invalid_types")
        kinds.append(_TYPES[name.strip()])
        need_scope(call.token, _READ_SCOPE[kinds[-1]])
    bot = call.workspace.bot_user
    found = [
        channel
        for channel in call.workspace.channels.values()
        if channel.kind in kinds and (channel.kind == "public" or bot in channel.members)
        if not (channel.archived and call.flag("exclude_archived"))
    ]
    return call.page([_channel_json(call, channel) for channel in found], "channels")
