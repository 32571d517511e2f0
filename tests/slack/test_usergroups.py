"""Members of Slack user groups, and what `check` finds of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from samples import ALICE, BOB, DEPLOYS, GUEST, OPS, ROSTER, TEAM
from world import NO_POLICY

from jenkins_mfa.errors import MessageGoneError, MessengerUnavailableError
from jenkins_mfa.simulators.slack import SlackSimulator
from jenkins_mfa.slack import check
from jenkins_mfa.slack.accounts import Accounts
from jenkins_mfa.slack.app import web_client
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.slack.usergroups import UserGroups
from jenkins_mfa.usecases.rules import Rules


@pytest.fixture
def groups(slack: SlackSimulator, talker: SlackMessenger) -> UserGroups:
    slack.set_group("S01", ALICE, BOB)
    return UserGroups(talker.client)


def test_the_members_now(slack: SlackSimulator, groups: UserGroups) -> None:
    """Each reading is a new one."""
    assert groups.accounts("S01") == {ALICE, BOB}
    slack.set_group("S01")
    assert groups.accounts("S01") == frozenset()


def test_a_group_that_is_not_there_or_switched_off_is_known_to_be_so(slack: SlackSimulator, groups: UserGroups) -> None:
    """That is an answer, and not only no answer."""
    slack.set_group("S01", ALICE, disabled=True)
    for group in ("S01", "S02"):
        with pytest.raises(MessageGoneError, match="no_such_subteam"):
            groups.accounts(group)


@pytest.mark.parametrize("how", ["500", "ratelimited", "missing_scope", "plan_upgrade_required", "internal_error"])
def test_what_slack_does_not_tell_is_not_known(slack: SlackSimulator, groups: UserGroups, how: str) -> None:
    """Nobody is assumed to be in it or not; how long to wait is passed on."""
    slack.fail_next("usergroups.users.list", how, retry_after=70)
    with pytest.raises(MessengerUnavailableError) as caught:
        groups.accounts("S01")
    assert caught.value.retry_after == (70 if how == "ratelimited" else None)


@contextmanager
def answering(body: object) -> Iterator[str]:
    """A server that answers everything with this JSON; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api/"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("users", [{"users": "U1,U2"}, {"users": [1]}, {"users": [""]}, {"users": None}, {}])
def test_an_answer_of_another_form_makes_nobody_a_member(users: dict[str, object]) -> None:
    """Whatever a proxy or stand-in says instead."""
    with answering({"ok": True, **users}) as address, pytest.raises(MessengerUnavailableError, match="no readable"):
        UserGroups(web_client("xoxb-1", address)).accounts("S01")


def checked(slack: SlackSimulator, **outside: str) -> tuple[dict[str, frozenset[str]], list[str]]:
    """What `check` reads, and what it says: findings with their mend."""
    client = web_client(slack.bot_token, slack.base_url)
    rules = Rules(replace(NO_POLICY, outside=outside), ROSTER, f"slack:{TEAM}")
    talker = SlackMessenger(client, rules, TEAM, DEPLOYS, OPS, Accounts(client, TEAM))
    accounts, found = check.user_groups(talker)
    scopes = [one for one in check.inspect(talker, client, {}, []) if one.code == "scopes"]
    return accounts, [one.says if one.ok else f"{one.says} / {one.mend}" for one in [*found, *scopes]]


def test_check_tells_the_size_and_who_is_not_in_the_roster(slack: SlackSimulator) -> None:
    """By name and id; what is foreign in a name is made visible."""
    slack.set_group("S01", ALICE, BOB, GUEST)
    slack.workspace.users[GUEST].name = "Gil\n\u202e"
    accounts, says = checked(slack, release="S01")
    assert accounts == {"S01": {ALICE, BOB, GUEST}}
    assert (says[0], says[2]) == ("group release has 2 of the roster (S01)", "7 scopes")
    assert says[1].startswith("in S01 of group release, but not in the roster: Gil\\n\\u202e (U05GUEST) / add them to")


def test_check_finds_what_is_empty_and_what_cannot_be_read(slack: SlackSimulator) -> None:
    """Both mean that nobody may approve; the scope is needed only where there are groups."""
    slack.set_group("S01")
    slack.workspace.tokens[slack.bot_token].scopes = tuple(s for s in check.SCOPES if s != check.USER_GROUPS)
    accounts, says = checked(slack, release="S01")
    assert accounts == {}
    assert says[0].startswith("group release is empty: S01 cannot be read: Slack: missing_scope: the app needs ")
    assert says[1].startswith("the bot token lacks usergroups:read / ")
    assert checked(slack)[1] == ["6 scopes"]
    slack.workspace.tokens[slack.bot_token].scopes = check.SCOPES
    assert checked(slack, release="S01")[1][0] == (
        "group release has 0 of the roster (S01) / put somebody of the roster into it, in Slack"
    )
