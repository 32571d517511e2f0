"""The reminder and the escalation in Slack: under the message, once each, and in the further channel."""

from __future__ import annotations

from dataclasses import replace

from samples import ALICE, DEPLOYS, GATE_ID, MINUTE, NEW, OPENED, gate, requirement

from jenkins_mfa.core import moments
from jenkins_mfa.core.model import Confirmation, Escalation, Factor, Gate, Message, State
from jenkins_mfa.simulators.slack import SlackSimulator, plain
from jenkins_mfa.slack.messenger import SlackMessenger

ONCALL = "C03ONCALL"
TEN = OPENED + 10 * MINUTE


def asked(channel: str = "", people: tuple[str, ...] = ("carol",)) -> Gate:
    """One of alice and bob is asked, after ten minutes further people, and whoever is left is reminded then."""
    clauses = tuple(
        replace(one, count=1, people=("alice", "bob"), approvers=("alice", "bob")) for one in requirement().clauses
    )
    further = Escalation("production-two", 600, people, people, channel)
    return gate(requirement=replace(requirement(), clauses=clauses, escalations=(further,), remind_after=600))


def after(found: Gate | None) -> Gate:
    assert found is not None
    return found


def said(slack: SlackSimulator, channel: str = DEPLOYS) -> list[str]:
    return [plain(message) for message in slack.messages(channel)]


def test_who_is_called_in_is_told_in_the_thread_and_stands_in_the_message(
    slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """The thread calls them, since an update calls nobody; both once, however often the message is told."""
    told = talker.tell(asked(), NEW, 0)
    now = after(moments.escalated(asked(), TEN))
    told = talker.tell(now, told, 0)
    ask, _, reply = said(slack)
    assert reply == "Also asked now: @U03CAROL (rule production-two, after 10 min)."
    assert "Needs Alice Wu, Bob Ray or Carol Diaz with a code." in ask
    assert "Asked: @U01ALICE, @U02BOB, @U03CAROL" in ask
    talker.tell(replace(now, version=now.version + 1), told, 0)
    assert len(said(slack)) == 3


def test_the_reminder_calls_those_who_have_not_answered(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """What is open, until when, and who can still help; who has answered is left alone."""
    two = asked()
    assert two.requirement is not None
    two = replace(two, requirement=replace(two.requirement, clauses=(replace(two.requirement.clauses[0], count=2),)))
    given = Confirmation("alice", Factor.TOTP, OPENED, "T/U", "c")
    told = talker.tell(two, NEW, 0)
    now = after(moments.reminded(replace(two, confirmations=(given,)), TEN))
    told = talker.tell(now, told, 0)
    assert said(slack)[2] == "Still open: 1 of Alice Wu or Bob Ray with a code, until Nov 24, 16:20 UTC. @U02BOB"
    talker.tell(replace(now, version=now.version + 1), told, 0)
    assert len(said(slack)) == 3


def test_the_further_channel_gets_the_message_itself_once(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """With buttons, updated like the first one; nothing is said beneath it that it says itself."""
    slack.add_channel(ONCALL, "oncall", members=[ALICE])
    told = talker.tell(asked(ONCALL), NEW, 0)
    assert said(slack, ONCALL) == []
    now = after(moments.escalated(asked(ONCALL), TEN))
    told = talker.tell(now, told, 0)
    assert [message.channel for message in told.messages] == [DEPLOYS, ONCALL]
    assert len(said(slack, ONCALL)) == 1
    assert "[Approve with code]" in said(slack, ONCALL)[0]
    ended = replace(now, version=now.version + 1, state=State.EXPIRED)
    talker.tell(ended, told, 0)
    assert said(slack, ONCALL)[0].startswith("Expired, being aborted")
    assert len(said(slack)) == 3


def test_a_channel_alone_may_be_called_in(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """Nobody more may answer: the thread names the channel, in which nobody is called."""
    slack.add_channel(ONCALL, "oncall", members=[ALICE])
    told = talker.tell(asked(ONCALL, ()), NEW, 0)
    talker.tell(after(moments.escalated(asked(ONCALL, ()), TEN)), told, 0)
    assert f"Also asked now: #{ONCALL} (rule production-two, after 10 min)." in said(slack)


def test_nobody_is_called_for_what_has_been_decided_meanwhile(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """A reminder that was stored while Slack was away, and told after the gate's end, is not told."""
    now = after(moments.reminded(after(moments.escalated(asked(ONCALL), TEN)), TEN))
    talker.tell(replace(now, state=State.EXPIRED), NEW, 0)
    assert len(said(slack)) == 1


def test_everybody_who_was_asked_directly_is_reminded(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """Where the channel is gone, each direct message has its own thread."""
    slack.archive(DEPLOYS)
    told = talker.tell(asked(), NEW, 0)
    told = talker.tell(after(moments.reminded(asked(), TEN)), told, 0)
    assert [message.thread for message in told.messages] == [("asked", "reminded"), ("reminded",)]
    assert told.messages[0] == Message(told.messages[0].channel, told.messages[0].ts, ("asked", "reminded"))
    assert told.gate == GATE_ID


def test_a_channel_that_is_gone_is_not_tried_at_every_update(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """Only with the next thing that is new to say; those who may answer have their direct messages."""
    slack.archive(DEPLOYS)
    told = talker.tell(after(moments.reminded(asked(), TEN)), NEW, 0)
    before = len(slack.calls("chat.postMessage"))
    again = replace(after(moments.reminded(asked(), TEN)), version=7)
    told = talker.tell(again, told, 0)
    assert len(slack.calls("chat.postMessage")) == before
    talker.tell(after(moments.escalated(again, TEN)), told, 0)
    assert len(slack.calls("chat.postMessage")) > before


def test_a_reply_for_which_there_is_no_room_leaves_the_message_as_it_is(
    slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """Clauses of very many rules: what a reply would list is too long, the message counts it and keeps its buttons; it
    is remembered, so that the next state is told there and nowhere else.
    """
    one = requirement().clauses[0]
    clauses = tuple(replace(one, rule=f"r{n}", count=1, approvers=(f"group:g{n}-{'x' * 60}",)) for n in range(60))
    many = gate(requirement=replace(requirement(), clauses=clauses))
    told = talker.tell(many, NEW, 0)
    assert [message.channel for message in told.messages] == [DEPLOYS]
    talker.tell(replace(many, version=many.version + 1, state=State.EXPIRED), told, 0)
    assert len(said(slack)) == 1
