"""What `jenkins-mfa check` finds out about Slack: tokens, scopes, channels, and each approver's account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from slack_sdk import WebClient

from jenkins_mfa.errors import MessageGoneError, MessageRefusedError, MessengerError
from jenkins_mfa.slack.calls import call, told
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.slack.usergroups import UserGroups
from jenkins_mfa.usecases.ports import Finding
from jenkins_mfa.words import render

#: What the bot token must be allowed, as in deploy/slack-manifest.yaml.
SCOPES = ("chat:write", "commands", "im:write", "users:read", "channels:read", "groups:read", "usergroups:read")
USER_GROUPS = "usergroups:read"  #: of these, what only a policy with groups of Slack needs
ADD_SCOPES = "add what is missing in the app's settings (OAuth & Permissions) and install the app again"
MOST_NAMED = 5  #: people in one finding


#: Slack's words for a token that it does not take.
_TOKEN = ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "not_allowed_token_type")


def inspect(
    messenger: SlackMessenger, app: WebClient, channels: Mapping[str, str], approvers: Iterable[str]
) -> list[Finding]:
    """All findings about the workspace. Never raises for what Slack does.

    `channels` says where each channel's id is written, such as `[slack] channel`; `approvers` are roster ids. What is
    right is said in a few words, for one line of all.
    """
    found: list[Finding] = []
    try:
        found.extend(_findings(messenger, channels, approvers))
    except MessengerError as error:
        says = f"the bot token is not taken: {error}" if _refused(error) else str(error)
        found.append(Finding("reachable", False, says, mend(error)))
        if not _refused(error):
            return found
    try:
        opens(app)
        found.append(Finding("app_token", True, "Socket Mode"))
    except MessengerError as error:
        where = "Basic Information, scope connections:write; Socket Mode must be on"
        says = f"the app-level token opens no Socket Mode connection: {error}"
        found.append(Finding("app_token", False, says, mend(error, "app", "xapp", where)))
    return found


def accepted(bot: WebClient, team: str, before: WebClient) -> None:
    """Raises MessengerError unless Slack takes the bot's token, as one of this workspace, and of the same bot as before
    where that is still known: another one's buttons lead to another agent.
    """
    me = call(bot.auth_test)
    if me.get("team_id") != team:
        raise MessageRefusedError(f"it belongs to workspace {ascii(me.get('team_id'))[1:-1]}, not {team}")
    try:
        known = call(before.auth_test).get("user_id")
    except MessengerError:
        return
    if me.get("user_id") != known:
        raise MessageRefusedError("it belongs to another app, whose buttons lead elsewhere")


def opens(app: WebClient) -> None:
    """Raises MessengerError unless Slack opens a Socket Mode connection for the app-level token."""
    call(app.apps_connections_open, app_token=app.token)


def _refused(error: MessengerError) -> bool:
    return str(error).removeprefix("Slack: ") in _TOKEN


def mend(error: MessengerError, whose: str = "bot", begins: str = "xoxb", where: str = "OAuth & Permissions") -> str:
    """What to do where Slack does not answer, or takes a token, the bot's by default, not or not for this."""
    if _refused(error):
        return f"put the app's present token ({begins}-…) into [slack] {whose}_token_file; it stands at {where}"
    if str(error).startswith("Slack: missing_scope"):
        return ADD_SCOPES
    return "look at [slack] api_url, the network and status.slack.com"


def _findings(messenger: SlackMessenger, channels: Mapping[str, str], approvers: Iterable[str]) -> Iterator[Finding]:
    me = call(messenger.client.auth_test)
    team, name = ascii(me.get("team_id"))[1:-1], ascii(me.get("team"))[1:-1]
    if team == messenger.team:
        yield Finding("team", True, f"team {name}")
    else:
        mend = f'set [slack] team = "{team}", or use a token of {messenger.team}'
        yield Finding("team", False, f"the bot token belongs to workspace {team} ({name}), not {messenger.team}", mend)
    needed = {*SCOPES} - (set() if messenger.rules.policy.outside else {USER_GROUPS})
    yield _scopes(str(me.headers.get("x-oauth-scopes", "")), needed)
    asked = sorted(set(approvers))
    wrong = [
        *(finding for where, channel in channels.items() for finding in _channel(messenger.client, where, channel)),
        *(finding for person in asked for finding in _account(messenger, person)),
    ]
    yield from wrong
    lame = {finding.code for finding in wrong}
    if "channel" not in lame:
        yield Finding("channel", True, _count(len(set(channels.values())), "channel"))
    if "account" not in lame:
        yield Finding("account", True, f"{_count(len(asked), 'approver')} active")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _scopes(granted: str, needed: set[str]) -> Finding:
    missing = sorted(needed - {scope.strip() for scope in granted.split(",")})
    if missing:
        return Finding("scopes", False, f"the bot token lacks {', '.join(missing)}", ADD_SCOPES)
    return Finding("scopes", True, f"{len(needed)} scopes")


def user_groups(messenger: SlackMessenger) -> tuple[dict[str, frozenset[str]], list[Finding]]:
    """The accounts in each user group that the policy names, and a finding of each. Never raises for what Slack does.

    One that cannot be read is not among the accounts.
    """
    accounts: dict[str, frozenset[str]] = {}
    found: list[Finding] = []
    for group, name in sorted(messenger.rules.policy.outside.items()):
        try:
            if name not in accounts:
                accounts[name] = UserGroups(messenger.client).accounts(name)
        except MessengerError as error:
            mend = f"see that the app has the scope {USER_GROUPS}, and that [slack_groups] {group} names a user group"
            found.append(Finding("group", False, f"group {group} is empty: {name} cannot be read: {error}", mend))
        else:
            found.extend(_members(messenger, group, name, accounts[name]))
    return accounts, found


def _members(messenger: SlackMessenger, group: str, name: str, accounts: frozenset[str]) -> Iterator[Finding]:
    """How many people of the roster are in it, and who else is."""
    members = accounts & {*messenger.users.values()}
    says = f"group {group} has {len(members)} of the roster ({name})"
    yield Finding("group", bool(members), says, "" if members else "put somebody of the roster into it, in Slack")
    strangers = sorted(accounts - members)
    if strangers:
        shown = ", ".join(_called(messenger.client, user) for user in strangers[:MOST_NAMED])
        more = f" and {len(strangers) - MOST_NAMED} more" if len(strangers) > MOST_NAMED else ""
        mend = "add them to roster.toml, or take them out of the user group; until then they confirm nothing"
        yield Finding("group", False, f"in {name} of group {group}, but not in the roster: {shown}{more}", mend)


def _called(client: WebClient, user: str) -> str:
    """A person's name in Slack with their id; the id alone where Slack does not tell."""
    try:
        person = told(call(client.users_info, user=user), "user", dict)
    except MessengerError:
        return user
    return f"{render.visible(str(person.get('real_name') or '?')[:40], quoted=False)} ({user})"


def _channel(client: WebClient, where: str, channel: str) -> Iterator[Finding]:
    try:
        found = told(call(client.conversations_info, channel=channel), "channel", dict)
    except MessageGoneError:
        mend = f"set {where} to a channel's id, and invite the bot to it: /invite @jenkins-mfa"
        yield Finding("channel", False, f"{channel} ({where}) is not there, or not for the bot", mend)
        return
    if found.get("is_archived"):
        yield Finding("channel", False, f"{channel} ({where}) is archived", f"unarchive it, or set {where} to another")
    elif not found.get("is_member"):
        yield Finding(
            "channel", False, f"the bot is not in {channel} ({where})", "in that channel: /invite @jenkins-mfa"
        )


def _account(messenger: SlackMessenger, person: str) -> Iterator[Finding]:
    name = messenger.roster.name(person)
    user = messenger.users.get(person)
    if user is None:
        mend = f'add "{messenger.issuer}" to identities of [people.{person}] in roster.toml'
        yield Finding("account", False, f"{name} has no account in this workspace", mend)
    elif not messenger.accounts.active(user):
        mend = f"write the person's own active account into [people.{person}] in roster.toml, or take the person out"
        yield Finding("account", False, f"{name}'s account {user} is deactivated, a guest, a bot or of elsewhere", mend)
