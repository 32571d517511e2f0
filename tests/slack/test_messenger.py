"""Posting, updating, thread replies, direct messages, alerts, accounts: against the simulated Slack's own rules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from samples import ALICE, BOB, CAROL, DEPLOYS, GATE_ID, NEW, OPS, STATES, TROUBLES, gate, requirement
from world import messenger

from jenkins_mfa.core.model import (
    Facts,
    Message,
    Parameter,
    Requirement,
    Run,
    Starter,
    State,
    ToldRecord,
    Trigger,
)
from jenkins_mfa.errors import MessageGoneError, MessageRefusedError, MessengerUnavailableError
from jenkins_mfa.simulators.slack import SlackSimulator, plain
from jenkins_mfa.slack.messenger import SlackMessenger

TWO_CHANNELS = Requirement(requirement().clauses, 1200, (DEPLOYS, OPS), ("production-two",), "ab" * 32)


def said(slack: SlackSimulator, channel: str = DEPLOYS) -> list[str]:
    return [plain(message) for message in slack.messages(channel)]


def test_a_new_gate_is_posted_and_its_requester_told_once(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """The ask goes to the rule's channel; the requester is called in its thread."""
    told = talker.tell(gate(), NEW, 0)
    ask, reply = slack.messages(DEPLOYS)
    assert told == ToldRecord(GATE_ID, 1, 3, (Message(DEPLOYS, ask.ts, ("asked",)),))
    assert reply.thread_ts == ask.ts
    assert plain(reply) == (
        "@U04DAN, your build team one/deploy #17 waits for 2 of release with a code. This thread tells how it ends."
    )


def test_the_default_channel_stands_beside_a_rules_own(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """A rule without a channel asks in the default one, whatever other rules add."""
    asked = replace(requirement(), channels=("", OPS))
    told = talker.tell(replace(gate(), requirement=asked), NEW, 0)
    assert [message.channel for message in told.messages] == [talker.default_channel, OPS]


def test_an_update_rewrites_the_same_message(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """A confirmation changes the message in place; nobody is called twice."""
    told = talker.tell(gate(), NEW, 0)
    after = talker.tell(STATES["one confirmed"], told, 1)
    assert after.version == 2
    ask, _ = said(slack)
    assert "So far 1." in ask
    assert "Another gate of this build waits too." in ask


def test_the_end_is_told_once_and_takes_the_buttons_away(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """The outcome stands in the message, without buttons, and once in the thread."""
    told = talker.tell(gate(), NEW, 0)
    told = talker.tell(STATES["denied, aborted"], told, 0)
    talker.tell(STATES["denied, aborted"], told, 0)
    ask, _, end = said(slack)
    assert ask.startswith("Denied, aborted: “team one/deploy” #17\nDenied by Bob Ray. Jenkins has aborted the build.")
    assert "> 1.4 is not on staging yet" in ask
    assert "[" not in ask
    assert end == (
        "@U04DAN: Denied by Bob Ray. Jenkins has aborted the build. A new build asks again. Talk to Bob Ray first."
    )


def test_nobody_is_called_where_nobody_started_the_build(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """A schedule's build has no thread."""
    run = gate().run
    scheduled = gate(facts=Facts(run, starters=(Starter(Trigger.SCHEDULE),)))
    talker.tell(scheduled, NEW, 0)
    assert len(slack.messages(DEPLOYS)) == 1


def test_a_message_that_was_deleted_is_posted_anew(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """Only the message is gone: its channel gets a new one, its thread is not said again."""
    told = talker.tell(gate(), NEW, 0)
    slack.delete_message(DEPLOYS, told.messages[0].ts)
    after = talker.tell(STATES["one confirmed"], told, 0)
    assert after.messages[0].ts != told.messages[0].ts
    assert after.messages[0].thread == ("asked",)


def test_a_channel_that_is_gone_means_direct_messages_to_the_eligible(
    slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """Everybody who may answer is asked directly; later updates go there."""
    slack.archive(DEPLOYS)
    told = talker.tell(gate(), NEW, 0)
    assert [m.channel for m in told.messages] == [slack.im(user) for user in (ALICE, BOB, CAROL)]
    talker.tell(STATES["resumed"], told, 0)
    assert said(slack, slack.im(BOB))[0].startswith("Approved, resumed")


def test_a_channel_that_goes_while_a_gate_waits_is_replaced(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """An archived channel takes no update: the eligible are asked directly from then on."""
    told = talker.tell(gate(), NEW, 0)
    slack.archive(DEPLOYS)
    after = talker.tell(STATES["one confirmed"], told, 0)
    assert [m.channel for m in after.messages] == [slack.im(user) for user in (ALICE, BOB, CAROL)]


def test_no_place_left_is_told_to_the_caller(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """A decided gate whose channel is gone has nowhere to be told: an error, not silence."""
    slack.archive(DEPLOYS)
    with pytest.raises(MessageGoneError):
        talker.tell(STATES["no rule"], NEW, 0)


def test_a_busy_slack_is_left_to_the_lane(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """Rate limits are not waited for here: the error says how long to wait, and one call was made."""
    slack.fail_next("chat.postMessage", "ratelimited", retry_after=7)
    with pytest.raises(MessengerUnavailableError) as raised:
        talker.tell(gate(), NEW, 0)
    assert raised.value.retry_after == 7
    assert len(slack.calls("chat.postMessage")) == 1


@pytest.mark.parametrize("how", ["500", "fatal_error", "invalid_auth", "missing_scope"])
def test_whatever_may_be_mended_is_tried_again(slack: SlackSimulator, talker: SlackMessenger, how: str) -> None:
    """Slack's own faults, and ours that an operator mends, keep the message waiting."""
    slack.fail_next("chat.postMessage", how)
    with pytest.raises(MessengerUnavailableError):
        talker.tell(gate(), NEW, 0)
    assert talker.tell(gate(), NEW, 0).messages


def test_an_outage_keeps_the_message_waiting(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """No connection is an error to be retried."""
    slack.outage()
    with pytest.raises(MessengerUnavailableError):
        talker.tell(gate(), NEW, 0)


def test_what_was_posted_before_a_fault_is_remembered(slack: SlackSimulator) -> None:
    """Posted in two channels, then Slack is busy: the record holds both, and says that there is more to tell."""
    seconds = [0.0]
    talker = messenger(slack, lambda: seconds[0])
    asked = gate(requirement=TWO_CHANNELS)
    slack.pace(0.001)
    part = talker.tell(asked, NEW, 0)
    assert (part.version, part.shown, [m.channel for m in part.messages]) == (1, 0, [DEPLOYS, OPS])
    slack.pace(None)
    seconds[0] += 1_000
    whole = talker.tell(asked, part, 0)
    assert (whole.version, whole.shown, whole.messages[0].thread) == (2, 3, ("asked",))
    assert [m.thread_ts is None for m in slack.messages(DEPLOYS)] == [True, False]
    assert len(slack.messages(OPS)) == 1


def test_a_payload_that_slack_refuses_becomes_a_short_text(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """People see that there is a gate, without buttons; the record says why, and where the text can be put right."""
    slack.fail_next("chat.postMessage", "invalid_blocks")
    told = talker.tell(gate(), NEW, 0)
    message, _ = said(slack)
    assert (told.shown, told.refused, told.messages[0].ts) == (
        3,
        "Slack: invalid_blocks",
        slack.messages(DEPLOYS)[0].ts,
    )
    assert message == (
        "Needs confirmation. Slack does not show this build whole, so it cannot be approved here. "
        "Ops are told: /mfa show 8f2c"
    )


def test_a_short_text_is_put_right_later(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """The next state is shown whole in the same message; one that is refused again becomes a short text again."""
    slack.fail_next("chat.postMessage", "invalid_blocks")
    told = talker.tell(gate(), NEW, 0)
    slack.fail_next("chat.update", "msg_blocks_too_long")
    told = talker.tell(STATES["approved"], told, 0)
    assert told.refused == "Slack: msg_blocks_too_long"
    assert said(slack)[0].startswith("Approved, on its way. Slack does not show this build whole")
    told = talker.tell(STATES["resumed"], told, 0)
    assert (told.refused, said(slack)[0].split("\n")[0]) == ("", "Approved, resumed: “team one/deploy” #17")


def test_what_is_not_even_taken_as_a_short_text_is_told_to_the_caller(
    slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """Nothing is left to show."""
    slack.fail_next("chat.postMessage", "invalid_blocks", times=2)
    with pytest.raises(MessageRefusedError):
        talker.tell(gate(), NEW, 0)


def test_an_answer_that_does_not_arrive_is_shown_in_the_same_message(
    slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """The record holds the reason that is shown, until the gate has ended."""
    told = talker.tell(STATES["sending"], NEW, 0, TROUBLES["not delivered"])
    assert told.trouble == "503"
    assert said(slack)[0].startswith("Approved, not delivered yet: “team one/deploy” #17\n")
    assert "Jenkins answers 503." in said(slack)[0]
    told = talker.tell(STATES["resumed"], told, 0)
    assert told.trouble == ""
    assert said(slack)[0].startswith("Approved, resumed: “team one/deploy” #17\n")


def test_the_channels_of_a_gate_are_named_where_everybody_may_know_them(
    slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """For the build's page: public channels by name; private, unknown and untold ones are left out."""
    assert talker.asked_in(gate()) == ["deploys"]
    slack.add_channel("C03SECRET", "secret", private=True)
    asked = replace(requirement(), channels=("C03SECRET", "C99NONE", OPS))
    assert talker.asked_in(gate(requirement=asked)) == ["ops"]
    slack.outage()
    assert talker.asked_in(gate()) == []


def test_what_cannot_be_shown_whole_is_named(talker: SlackMessenger) -> None:
    """A job too long for the facts' room is refused with its name and length; long parameters only are counted."""
    assert talker.cannot_show(gate()) == ""
    long_run = Run("main", "jenkins", "j" * 900, "17", 1, "https://jenkins.example.com/")
    assert talker.cannot_show(gate(facts=Facts(long_run))).startswith("Build is 9")
    parameters = tuple(Parameter(f"P{n}", "v" * 300) for n in range(40))
    assert talker.cannot_show(gate(facts=Facts(gate().run, parameters=parameters))) == ""


def test_a_denied_gate_is_shown_even_if_it_does_not_fit(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """Why nobody was asked reaches people; the job's name is only measured then."""
    long_run = Run("main", "jenkins", "j" * 900, "17", 1, "https://jenkins.example.com/")
    denied = gate(State.DENIED, run=long_run, facts=Facts(long_run), denial=STATES["no rule"].denial, decided_at=1)
    talker.tell(denied, NEW, 0)
    text = said(slack)[0]
    assert text.startswith("Denied by jenkins-mfa: #17\n")
    assert "Build: 900 characters, SHA-256 " in text
