"""What people read of a requirement: passed by the policy, asked for different things, asked for more meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from samples import BOTH, DEPLOYS, MORE, OPENED, OPS, PASSES, ROSTER, STATES, TWO_TEAMS, confirmed, gate, system

from builders import NOW, claims, facts, needs, policy, rule
from jenkins_mfa.core.calendars import Calendar, Freeze
from jenkins_mfa.core.model import Alert, Entry, Factor, Gate, Message, Reason, State, ToldRecord
from jenkins_mfa.core.policy import Globs, Predicate
from jenkins_mfa.core.policy.predicates import Any, Not, Texts, Window
from jenkins_mfa.simulators.slack import SlackSimulator, plain
from jenkins_mfa.slack import blocks
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.words import alerts, asking, denials, history, people, refusals, render
from jenkins_mfa.words.run_line import run_line

USERS = {"carol": "U03CAROL"}
UTC = ZoneInfo("UTC")
OFFICE = Calendar("office", UTC, freezes=(Freeze("yule", NOW - 1, NOW + 28_800_000, "rest"),))
FEAST = Calendar("feast", UTC, holidays={date(2025, 11, 24): "Feast"})
NIGHT = Calendar("night", UTC, hours=((0, 60),))


def buttons(shown: Gate) -> list[dict]:  # type: ignore[type-arg]
    return [e for b in blocks.message(shown, ROSTER, USERS).blocks if b["type"] == "actions" for e in b["elements"]]


def said(code: str, shown: Gate, **values: str) -> str:
    return render.terminal(refusals.refusal(code, values, shown, ROSTER, OPENED))


def test_the_button_names_a_factor_only_where_everybody_is_asked_for_it() -> None:
    """Trap: buttons that lie. A tap may count at once, so the dialog stands before it, and tells of the form."""
    approve, deny = buttons(STATES["asked for different things"])
    assert (approve["text"]["text"], deny["text"]["text"]) == ("Approve", "Deny")
    assert approve["confirm"]["text"]["text"].endswith(
        "until the answer is on its way to Jenkins. Whoever it needs a code of is asked for it next."
    )
    tap = buttons(gate(requirement=TWO_TEAMS, confirmations=(confirmed("carol", 5),)))[0]
    assert tap["text"]["text"] == "Approve"
    assert "needs a code" not in tap["confirm"]["text"]["text"]
    code = buttons(STATES["asked"])[0]
    assert (code["text"]["text"], "confirm" in code) == ("Approve with code", False)


def test_what_passes_by_itself_has_no_buttons() -> None:
    """Nobody is asked, so nobody could answer."""
    assert buttons(STATES["passed"]) == []


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (STATES["passed"], "passed by the policy: rule nightly"),
        (STATES["passed, resumed"], "passed by the policy: rule nightly"),
        (
            gate(
                State.RESUMED,
                requirement=replace(
                    PASSES,
                    passes_by=("migration",),
                    reasons=Reason("requirement", children=(Reason("rule", {"exemption": "migration"}),)),
                ),
            ),
            "passed by the policy: exemption migration",
        ),
        (
            gate(State.RESUMED, requirement=replace(PASSES, rules=("default",), passes_by=("default",))),
            "passed by the policy: no rule matches, so the default applies",
        ),
        (
            gate(State.DENIED, denial=system("too_few_people", needed="9")),
            "denied by jenkins-mfa: it needs 9 people, and fewer may approve this",
        ),
        (
            gate(State.DENIED, denial=system("stranger", who="jdoe")),
            "denied by jenkins-mfa: “jdoe” is behind the build and not in the roster, which the policy refuses",
        ),
        (
            gate(State.DENIED, denial=system("assurance")),
            "denied by jenkins-mfa: a rule asks for a receipt that the build checks, and this input checks none",
        ),
        (
            gate(State.DENIED, denial=system("factor_unavailable", factor="webauthn")),
            "denied by jenkins-mfa: it needs a security key, which is not set up here",
        ),
        (
            gate(State.DENIED, denial=system("no_rule")),
            "denied by jenkins-mfa: no rule says who may confirm it",
        ),
        (
            gate(State.DENIED, denial=system("nobody_named")),
            (
                "denied by jenkins-mfa: the Jenkinsfile asks for a confirmation, "
                "and the policy names nobody who could give it"
            ),
        ),
    ],
)
def test_the_builds_description_says_why(shown: Gate, line: str) -> None:
    """Passed by what, or refused at the opening and why: the same words as in Slack."""
    assert run_line(shown, ROSTER) == line


def test_only_a_denial_at_the_opening_says_that_nobody_was_asked() -> None:
    """A rule that nobody can meet may come on top while people answer."""
    early = system("too_few_people", needed="9")
    late = replace(early, cause="tightened:g_1.1:2")
    first = "Denied by jenkins-mfa: it needs 9 people, and fewer may approve this."
    assert render.terminal(denials.system(early, ROSTER)) == f"{first} Nobody was asked."
    assert render.terminal(denials.system(late, ROSTER)) == first
    denied = gate(State.DENIED, denial=late)
    told = alerts.alert(Alert("x", "too_few_people", OPENED, denied.id), denied, ROSTER)
    assert render.terminal(told[0]) == f"{first} Started by Dan Fox, by hand."


def test_who_does_not_count_reads_why_and_who_can() -> None:
    """A commit's author, and somebody whom nothing open needs."""
    waiting = gate(requirement=TWO_TEAMS, confirmations=(confirmed("alice", 5, Factor.PUSH), confirmed("bob", 6)))
    assert said("author", STATES["asked"]) == (
        "Not counted: you wrote a commit in this build, so others decide. Alice Wu, Bob Ray and Carol Diaz can."
    )
    assert said("not_needed", waiting) == (
        "Not counted: what is still open does not ask you. Still open: 1 of security with a code."
    )


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (Window(OFFICE, inside=False), "Why: rule production (freeze yule until Nov 25, 00:00 UTC: rest)."),
        (Any((Window(FEAST, inside=False), Texts("branch", Globs(("x",))))), "Why: rule production (holiday Feast)."),
        (Window(NIGHT, inside=False), "Why: rule production (outside night)."),
        (Not(Window(OFFICE, inside=True)), "Why: rule production."),
        (Any((Window(NIGHT, inside=True), Texts("branch", Globs(("main",))))), "Why: rule production."),
    ],
)
def test_a_gate_that_is_asked_because_of_a_calendar_says_which(when: Predicate, said: str) -> None:
    """Only where the calendar's own question was answered yes."""
    found = gate(requirement=needs(policy(rule(when=when)), facts(), claims()))
    assert render.terminal(asking.why(found, found.requirement or MORE, people.MOST)) == said
    if "yule" in said:
        short = render.terminal(asking.why(found, found.requirement or MORE, 3))
        assert short == "Why: rule production (freeze yule until Nov 25, 00:00 UTC)."


def test_what_came_on_top_is_said_in_the_thread_and_calls_those_it_asks(
    slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """An update pings nobody; so a reply does, once, and the channel of the new rule is told as well."""
    first = talker.tell(gate(requirement=replace(MORE, tightened=())), ToldRecord(gate().id, 0), 0)
    more = replace(MORE, channels=(DEPLOYS, OPS))
    told = talker.tell(gate(requirement=more, version=4), first, 0)
    again = talker.tell(gate(requirement=more, version=5), told, 0)
    replies = [plain(m) for m in slack.messages(DEPLOYS) if m.thread_ts]
    assert replies[-1] == (
        "Since 16:05 UTC rule freeze (freeze christmas until Jan 6, 00:00 UTC: Half the team is away.) asks, too: "
        "1 of security with a code. @U03CAROL"
    )
    assert sum("freeze" in reply for reply in replies) == 1
    assert [message.channel for message in again.messages] == [DEPLOYS, OPS]
    assert isinstance(again.messages[0], Message)


def test_the_history_tells_of_both() -> None:
    """Passed by what, tightened by what."""

    def sentence(event: str, **details: str | int) -> str:
        return render.terminal(history.sentence(Entry(event, OPENED, "agent", details=details), ROSTER))

    assert sentence("gate:approved", rules="nightly") == "Passed by the policy, without a confirmation: nightly."
    assert sentence("gate:approved") == "Approved: all confirmations are there."
    assert sentence("gate:tightened", rules="freeze") == "More is asked since then, by freeze."


def test_what_ended_by_itself_neither_waits_nor_was_approved() -> None:
    """Whatever was confirmed by then: nothing of it has reached the build."""
    assert run_line(gate(State.WITHDRAWN, confirmations=BOTH), ROSTER) == "ended before an answer reached it"


def test_approvals_by_people_stay_what_they_were() -> None:
    """Only what the policy let pass is called so."""
    assert run_line(gate(State.APPROVED, confirmations=BOTH), ROSTER) == "approved by Alice Wu (code), Bob Ray (code)"
