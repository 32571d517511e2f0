"""What ops read, and which accounts may answer."""

from __future__ import annotations

import pytest
from samples import BOB, DEPLOYS, GATE_ID, GUEST, OPS, ROSTER, STATES, TEAM, person
from world import NO_POLICY, messenger

from jenkins_mfa.core.model import APPROVERS, Alert, Gate
from jenkins_mfa.core.policy import Person, Roster
from jenkins_mfa.errors import MessengerUnavailableError
from jenkins_mfa.simulators.slack import SlackSimulator, plain
from jenkins_mfa.slack.accounts import FRESH, Accounts
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.words import alerts, render

REPORT = (
    "Denied and reported by Bob Ray: 1.4 is not on staging yet. Further builds of Dan Fox are held until an "
    "administrator releases them. To release: /mfa release dan"
)


def said(slack: SlackSimulator, channel: str = DEPLOYS) -> list[str]:
    return [plain(message) for message in slack.messages(channel)]


@pytest.mark.parametrize(
    ("alert", "shown", "sentence"),
    [
        (
            Alert("a", "bypassed", 0, GATE_ID),
            "bypassed",
            (
                "Bypassed: admin pressed Proceed in Jenkins, without confirmation. "
                "mfaGate goes on only with a receipt; check that #17 ended."
            ),
        ),
        (
            Alert("a", "token_stolen", 0, GATE_ID),
            "token stolen",
            (
                "@here Bypassed, token stolen: Proceed was pressed with this agent's own Jenkins account; "
                "the agent did not do it. Revoke its API token now."
            ),
        ),
        (
            Alert("a", "abort_caught", 0, GATE_ID),
            "denied, aborted",
            "Jenkins took the abort, but the build goes on: its Pipeline caught it. Stop it by hand.",
        ),
        (
            Alert("a", "abort_outrun", 0, GATE_ID),
            "denied, aborted",
            "The build was not let go on, but ended well: its Pipeline caught the abort. See what ran.",
        ),
        (
            Alert("a", "delivery_parked", 0, "", {"lane": "tell:g_1", "reason": "Slack: is_archived"}),
            None,
            "A delivery was given up: tell:g_1. Slack: is_archived",
        ),
        (
            Alert("a", "bad_request", 0, GATE_ID),
            "bad request",
            "Not asked, denied by jenkins-mfa: the request cannot be used: not JSON. Started by Dan Fox, by hand.",
        ),
        (
            Alert("a", "reported", 0, GATE_ID),
            "denied",
            REPORT,
        ),
        (
            Alert("a", "number_missed", 0, GATE_ID, {"person": "bob"}),
            "asked for the number",
            "Bob Ray has typed 2 numbers that the build does not show. Ask whether it was them.",
        ),
        (
            Alert("a", "released", 0, "", {"requester": "dan", "by": "alice"}),
            None,
            "Builds of Dan Fox are asked again: Alice Wu released them.",
        ),
        (
            Alert("a", "undelivered", 0, GATE_ID, {"reason": "503"}),
            "sending",
            "The answer has not reached the build: Jenkins answers 503.",
        ),
        (
            Alert("a", "unshown", 0, GATE_ID, {"reason": "Slack: invalid_blocks"}),
            "asked",
            "Slack does not show this build whole, so it cannot be approved there: Slack: invalid_blocks",
        ),
        (Alert("a", "of_tomorrow", 0, ""), None, "of_tomorrow"),
    ],
)
def test_ops_read_alerts(
    slack: SlackSimulator, talker: SlackMessenger, alert: Alert, shown: str | None, sentence: str
) -> None:
    """Each alert has its sentence, in the channel of ops."""
    talker.alert(alert, STATES[shown] if shown else None)
    (message,) = said(slack, OPS)
    assert message.split("\n")[0] == sentence


def test_approvers_read_a_copy_where_they_are_asked_and_are_called(
    slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """In the gate's channel; nowhere twice, where that is the channel of ops."""
    for channel in ("", OPS):
        talker.alert(Alert("a", "bypassed", 0, GATE_ID, to=f"{APPROVERS}{channel}"), STATES["bypassed"])
    (message,) = slack.messages(DEPLOYS)
    assert "admin pressed Proceed in Jenkins" in plain(message)
    assert "Asked: " in plain(message)
    assert {"type": "user", "user_id": BOB} in message.blocks[0]["elements"][0]["elements"]
    assert slack.messages(OPS) == []


@pytest.mark.parametrize("about", [STATES["asked"], None])
def test_an_alert_that_one_message_cannot_hold_is_told_in_short(
    slack: SlackSimulator, talker: SlackMessenger, about: Gate | None
) -> None:
    """Ops read its name and where the rest is; given up, nobody would know of it."""
    talker.alert(Alert("a", "policy_refused", 0, "", values={"problem": "x" * 5000}), about)
    (told,) = slack.messages(OPS)
    assert "policy_refused" in plain(told)
    assert ("/mfa show" if about else "jenkins-mfa check") in plain(told)


def test_an_alert_that_slack_refuses_is_told_in_short(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """Whatever Slack has against the whole of it."""
    slack.fail_next("chat.postMessage", "invalid_blocks")
    talker.alert(Alert("a", "keys_refused", 0, "", values={"problem": "no key"}), None)
    (told,) = slack.messages(OPS)
    assert plain(told).startswith("Alert")
    assert "keys_refused" in plain(told)


def test_an_alert_says_the_state_once(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """What begins with the state word does not end with it."""
    talker.alert(Alert("a", "bypassed", 0, GATE_ID), STATES["bypassed"])
    talker.alert(Alert("b", "abort_caught", 0, GATE_ID), STATES["denied, aborted"])
    bypassed, caught = said(slack, OPS)
    assert bypassed.split("\n")[1] == "Build: team one/deploy #17. More: /mfa show 8f2c"
    assert caught.split("\n")[1] == "Build: team one/deploy #17. Denied, aborted. More: /mfa show 8f2c"


def test_s14_only_full_active_members_of_the_workspace_may_answer(
    slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """Guests, deactivated accounts, people of other workspaces and people without an account are inactive (S14)."""
    slack.add_user("U90OTHER", "Olga", team="T99OTHER")
    slack.set_user(BOB, deleted=True)
    people = dict(ROSTER.people)
    people["guest"] = person("guest", "Gil", GUEST)
    people["olga"] = person("olga", "Olga", "U90OTHER")
    people["ghost"] = person("ghost", "Ghost", "U99NOBODY")
    people["nobody"] = Person("nobody", "No Body", (), {})
    client = talker.client
    checked = SlackMessenger(client, Rules(NO_POLICY, Roster(people)), TEAM, DEPLOYS, OPS, Accounts(client, TEAM))
    assert checked.inactive(people) == {"bob", "eve", "guest", "olga", "ghost", "nobody"}


def test_an_account_is_looked_up_once_a_minute(slack: SlackSimulator) -> None:
    """An answer is believed for a minute; then a deactivated account is noticed."""
    at = [0.0]
    talker = messenger(slack, lambda: at[0])
    assert talker.inactive(["bob"]) == frozenset()
    slack.set_user(BOB, deleted=True)
    at[0] = FRESH - 1
    assert talker.inactive(["bob"]) == frozenset()
    assert len(slack.calls("users.info")) == 1
    at[0] = FRESH
    assert talker.inactive(["bob"]) == {"bob"}


def test_s17_an_account_that_cannot_be_looked_up_is_not_assumed_to_be_active(
    slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """Slack does not answer: nobody is vouched for (S17)."""
    slack.fail_next("users.info", "500")
    with pytest.raises(MessengerUnavailableError):
        talker.inactive(["bob"])


def test_an_alert_for_one_person_reaches_them_alone(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """What concerns one person goes to their direct messages; to ops, where they have no account here."""
    talker.alert(Alert("a", "policy_right", 0, to="bob"), None)
    assert said(slack, OPS) == []
    talker.alert(Alert("b", "policy_right", 0, to="nobody"), None)
    assert len(said(slack, OPS)) == 1
    direct = talker.direct("U02BOB")
    assert len(said(slack, direct)) == 1


@pytest.mark.parametrize(
    ("code", "to", "sentence"),
    [
        ("locked", "", "The codes of Bob Ray are switched off after 50 misses."),
        (
            "locked",
            "bob",
            (
                "Your codes are switched off after 50 misses. If those were not yours, somebody guesses: tell ops. An "
                "administrator lets them count again: /mfa unlock bob"
            ),
        ),
        (
            "code_reused",
            "bob",
            (
                "A code of yours that was used already was typed once more, and did not count. If that was not you, "
                "somebody has seen it: tell ops."
            ),
        ),
    ],
)
def test_what_happens_to_somebodys_codes_is_told_to_them(code: str, to: str, sentence: str) -> None:
    """Attack rows 1 and 5: the person can tell whether it was them; no code stands in it."""
    given = Alert(f"{code}:1", code, 0, values={"person": "bob"}, to=to)
    (line,) = alerts.alert(given, None, ROSTER)
    assert render.terminal(line) == sentence
