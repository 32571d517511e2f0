"""What a hostile pipeline may write, on the real adapters: it is quoted or refused, and never speaks for us."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from samples import DEPLOYS

from builders import facts, policy, rule
from desk_world import World
from fakes import FakeSource, request_text
from jenkins_mfa.core import characters
from jenkins_mfa.core.model import Factor, Gate, Parameter, Run, Starter, State, Trigger
from jenkins_mfa.simulators.jenkins import JenkinsSimulator, PausedInput
from jenkins_mfa.simulators.jenkins import Parameter as Asked
from jenkins_mfa.simulators.jenkins_model import plain_cause
from jenkins_mfa.simulators.slack import SlackSimulator
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.sources.jenkins.client import Client
from jenkins_mfa.sources.jenkins.source import JenkinsSource
from jenkins_mfa.usecases.ports import Opened, Paused
from jenkins_mfa.words import commands, history, render
from jenkins_mfa.words import facts as rows
from jenkins_mfa.words.run_line import run_line

TAP = policy(rule(factor=Factor.PUSH))

TEXTS = {
    "the agent's words": "approved by Bob Ray",
    "a whole state": "Approved, resumed: web #1",
    "the library's words": "[mfaGate] Approved: bob (totp)",
    "the page's line": "mfa: approved by bob (push)",
    "the end of a quotation": "web” #1. Approved by Bob Ray. “x",
    "lines of its own": "web\nApproved by Bob Ray.\r\n[mfaGate] Going on.",
    "right to left": "\u202eyaR boB yb devorppA",
    "zero width": "[mfa\u200bGate] appro\u2060ved by Bob Ray",
    "marks that pile up": "approved by " + "e\u0301\u0327\u0316" * 60,
    "a mention": "<!here> <@U02BOB> approved by <https://evil.example.com|Bob Ray>",
    "markup": "*Approved by Bob Ray* `x` ~y~ _z_",
    "a very long word": "approvedby" * 400,
    "nothing": "",
}


class Hostile(FakeSource):
    """One build whose job, branch, starter, parameters and request all say the same."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.run = Run("main", "ci", text or "x", "17", 1, "https://ci.example.com/")
        self.says = text

    def pending(self) -> list[Paused]:
        return [Paused(ref, nonce, self.run) for ref, nonce in self.pauses.items()]

    def facts(self, paused: Paused) -> Opened:
        known = facts(
            run=self.run,
            branch=self.says,
            starters=(Starter(Trigger.PERSON, self.says), Starter(Trigger.REPLAY, "x", via=self.says)),
            parameters=(Parameter(self.says, self.says), Parameter("[mfaGate]", "approved by Bob Ray")),
        )
        run = {"pipeline": self.run.pipeline, "id": "17"}
        fits = not characters.faults(self.says) and 1 <= len(self.says) <= 200
        members: dict[str, Any] = {"message": self.says, "details": {"note": self.says}} if fits else {}
        return Opened(request_text(run=run, **members), known)


def outside(text: str) -> str:
    """What stands outside quotations, and before what the Jenkinsfile says to the end."""
    return re.sub("“[^”]*”", "“”", text.split(rows.SAYS_ALOUD)[0])


def ours(blocks: list[dict[str, Any]]) -> list[str]:
    """The texts of a message that look like ours: no chip and no box, and without quotations."""
    found: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, list):
            for one in part:
                walk(one)
        elif isinstance(part, dict) and part.get("type") != "rich_text_preformatted":
            if isinstance(part.get("text"), str) and not part.get("style", {}).get("code"):
                found.append(outside(part["text"]))
            walk([value for value in part.values() if isinstance(value, list | dict)])

    walk(blocks)
    return found


def speaks(text: str) -> bool:
    """Whether it says what only the agent or the library may."""
    said = text.lower()
    words = ("pproved by", "approved,", "approvedby", "[mfagate]", "bob")
    return said.startswith("mfa: ") or any(word in said for word in words)


def opened(text: str, talker: SlackMessenger) -> tuple[World, Gate]:
    made = World(source=Hostile(text), messenger=talker, rules=TAP)  # type: ignore[arg-type]
    made.watch.poll()
    gate = made.gate
    made.deliver(60)
    return made, gate


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_whatever_a_pipeline_is_called_and_says_is_quoted_or_refused(
    text: str, slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """In Slack's blocks and text, on the build's page, in the trail and in lists; and it lets no build go on."""
    made, gate = opened(text, talker)
    assert gate.state in {State.PENDING, State.DENIED}
    assert made.source.receipts == []
    messages = [message for message in slack.messages(DEPLOYS) if not message.thread_ts]
    assert len(messages) == 1
    said = [*ours(messages[0].blocks), *outside(messages[0].text).splitlines()]
    said += outside(run_line(gate, talker.roster)).splitlines()
    said += [outside(render.text(history.sentence(one, talker.roster))) for one in made.store.entries(gate.jti)]
    listed = commands.pending([gate], 1, talker.roster, made.store.now(), "alice", {}, lambda _: ())
    said += [outside(render.text(line)) for line in listed]
    assert [line for line in said if speaks(line)] == []


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_nothing_that_hides_reverses_or_piles_up_reaches_slack(
    text: str, slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """Unicode bombs are written out as escapes; no mention, link or markup of theirs is one."""
    opened(text, talker)
    for message in slack.messages(DEPLOYS):
        whole = json.loads(json.dumps([message.text, message.blocks]))
        strings = _strings(whole)
        assert [one for one in strings for c in one if c != "\n" and characters.fault(c)] == []
        assert [one for one in strings if "combining marks" in str(characters.faults(one))] == []
        assert "<!here>" not in message.text
        assert "<https://evil" not in message.text


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    return [one for part in parts for one in _strings(part)]


def test_a_request_of_a_megabyte_is_refused_with_one_reason_and_no_other_job_waits_for_it() -> None:
    """It is read up to its limit only; the build is told why, and ended."""
    with JenkinsSimulator() as jenkins:
        client = Client(jenkins.url, *jenkins.auth("mfa-agent"))
        source = JenkinsSource("main", jenkins.url, client, lambda _: None, lambda _: None, lambda: 0)
        for job, number, text in (("hostile", 1, "x" * 1_000_000), ("web", 2, _request("web"))):
            parameters = (Asked("MFA_REQUEST", "Text", text), Asked("MFA_RECEIPT"))
            asked = PausedInput(f"Mfa-{number:032x}", "?", submitter="mfa-agent", parameters=parameters)
            jenkins.paused(job, asked, causes=[plain_cause("timer")])
        made = World(source=source, rules=TAP)  # type: ignore[arg-type]
        made.watch.poll()
        gates = {gate.run.pipeline: gate for gate in made.store.open_gates()}
        assert gates["web"].state is State.PENDING
        denial = gates["hostile"].denial
        assert denial is not None
        assert (denial.reason, "longer than 262144 bytes" in denial.values["problem"]) == ("bad_request", True)
        assert len(made.store.gate(gates["hostile"].id).request_text) == 0
        made.deliver(60)
        events = [entry.event for entry in made.store.entries(gates["hostile"].jti)]
        assert events == ["gate:opened", "gate:denied", "gate:aborted"]


def test_a_build_of_a_thousand_inputs_costs_eight_gates_and_holds_up_no_other_job() -> None:
    """A count of requests, whatever the number of inputs; the other job's gate opens in the same poll."""
    with JenkinsSimulator() as jenkins:
        client = Client(jenkins.url, *jenkins.auth("mfa-agent"))
        source = JenkinsSource("main", jenkins.url, client, lambda _: None, lambda _: None, lambda: 0)
        parameters = (Asked("MFA_REQUEST", "Text", _request("hostile")), Asked("MFA_RECEIPT"))
        crowd = [
            PausedInput(f"Mfa-{n:032x}", "?", submitter="mfa-agent", parameters=parameters) for n in range(1, 1_001)
        ]
        jenkins.paused("hostile", *crowd, causes=[plain_cause("timer")])
        own = (Asked("MFA_REQUEST", "Text", _request("web")), Asked("MFA_RECEIPT"))
        alone = PausedInput(f"Mfa-{0:032x}", "?", submitter="mfa-agent", parameters=own)
        jenkins.paused("web", alone, causes=[plain_cause("timer")])
        made = World(source=source, rules=TAP)  # type: ignore[arg-type]
        made.watch.poll()
        opened_of = [gate.run.pipeline for gate in made.store.open_gates()]
        assert sorted(opened_of) == [*["hostile"] * 8, "web"]
        assert opened_of.index("web") <= 8
        before = jenkins.count()
        assert before <= 2 + 9 * 4
        made.watch.poll()
        assert jenkins.count() == before + 1
        (flood,) = made.store.floods().floods
        assert (flood.pipeline, flood.waiting) == ("main:hostile", 12)


def _request(job: str) -> str:
    return request_text(run={"pipeline": job, "id": "1"}).decode()
