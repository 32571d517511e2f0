"""What `jenkins-mfa check` finds out about Slack: tokens, scopes, channels, and each approver's account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slack_sdk import WebClient

from jenkins_mfa.errors import MessageGoneError, MessengerError
from jenkins_mfa.slack.calls import call
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.usecases.ports import Finding

#: What the bot token must be allowed, as in deploy/slack-manifest.yaml.
SCOPES = ("chat:write", "commands", "im:write", "users:read", "channels:read", "groups:read")


def inspect(messenger: SlackMessenger, app: WebClient, approvers: Iterable[str]) -> list[Finding]:
    """All findings about the workspace; `approvers` are roster ids. Never raises for what Slack does."""
    try:
        return list(_findings(messenger, app, approvers))
    except MessengerError as error:
        return [Finding("reachable", False, str(error), "look at bot_token_file, api_url and the network")]


def _findings(messenger: SlackMessenger, app: WebClient, approvers: Iterable[str]) -> Iterator[Finding]:
    me = call(messenger.client.auth_test)
    same = me.get("team_id") == messenger.team
    mend = "" if same else "set [slack] team to the workspace that the bot token belongs to"
    yield Finding("team", same, f"workspace {me.get('team_id')}, named {me.get('team')!a}", mend)
    yield _scopes(str(me.headers.get("x-oauth-scopes", "")))
    yield _app_token(app)
    for what, channel in (("channel", messenger.default_channel), ("ops_channel", messenger.ops_channel)):
        yield _channel(messenger.client, what, channel)
    for person in approvers:
        yield _account(messenger, person)


def _scopes(granted: str) -> Finding:
    missing = sorted(set(SCOPES) - {scope.strip() for scope in granted.split(",")})
    if missing:
        mend = "add them in the app's settings (OAuth & Permissions) and install the app again"
        return Finding("scopes", False, f"the bot token lacks {', '.join(missing)}", mend)
    return Finding("scopes", True, f"{len(SCOPES)} scopes")


def _app_token(app: WebClient) -> Finding:
    try:
        call(app.apps_connections_open, app_token=app.token)
    except MessengerError as error:
        mend = "make an app-level token with connections:write and switch Socket Mode on"
        return Finding("app_token", False, f"no Socket Mode connection: {error}", mend)
    return Finding("app_token", True, "Socket Mode connections can be opened")


def _channel(client: WebClient, what: str, channel: str) -> Finding:
    try:
        found = call(client.conversations_info, channel=channel)["channel"]
    except MessageGoneError:
        mend = f"set [slack] {what} to a channel's id, and invite the bot to it"
        return Finding(what, False, f"{channel} is not there, or not for the bot", mend)
    if found.get("is_archived"):
        return Finding(what, False, f"{channel} is archived", f"unarchive it, or name another [slack] {what}")
    if not found.get("is_member"):
        return Finding(what, False, f"the bot is not in {channel}", "invite it: /invite @jenkins-mfa")
    return Finding(what, True, f"{channel} can be written to")


def _account(messenger: SlackMessenger, person: str) -> Finding:
    name = messenger.roster.name(person)
    user = messenger.users.get(person)
    if user is None:
        mend = f'add "{messenger.issuer}" to [people.{person}.identities] in roster.toml'
        return Finding("account", False, f"{name} has no account in this workspace", mend)
    if not messenger.accounts.active(user):
        mend = "name the person's own active account in roster.toml, or take the person out"
        return Finding("account", False, f"{name}'s account {user} is deactivated, a guest or of elsewhere", mend)
    return Finding("account", True, f"{name}'s account is active")
