"""How a gate that does not open ends its build in the simulated Jenkins, and what the log says."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from jenkins_gate_kit import KEY, TRUST, Clock, gate, proceed, signed

from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator, Trust


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sim(clock: Clock) -> Iterator[JenkinsSimulator]:
    with JenkinsSimulator(now=clock, trust=TRUST) as running:
        yield running


def test_the_agents_denial_is_echoed_as_its_word(sim: JenkinsSimulator) -> None:
    """After the agent's abort the log has its line of the description, marked as not verified."""
    build = gate(sim)
    said = {"description": "mfa: denied by Bob Ray: 1.4 is not on staging yet"}
    requests.post(f"{sim.url}{build.path}submitDescription", data=said, auth=sim.auth("mfa-agent"), timeout=10)
    url = f"{sim.url}{build.path}input/{build.inputs[0].id}/abort"
    assert requests.post(url, auth=sim.auth("mfa-agent"), timeout=10).status_code == 200
    assert build.wait_finished() == "ABORTED"
    echoed = 'jenkins-mfa wrote (not verified): "denied by Bob Ray: 1.4 is not on staging yet"'
    assert echoed in build.console
    assert build.description == "mfa: denied by Bob Ray: 1.4 is not on staging yet"


@pytest.mark.parametrize(
    ("verb", "user", "sentence"),
    [
        ("input/{id}/abort", "mfa-agent", "Not approved: jenkins-mfa aborted this step. Who and why: "),
        ("input/{id}/abort", "admin", "Aborted in Jenkins by admin."),
        ("stop", "admin", "The build was stopped by admin."),
        ("term", "admin", "Jenkins ended the wait before an answer came."),
    ],
)
def test_endings_are_told_apart(sim: JenkinsSimulator, verb: str, user: str, sentence: str) -> None:
    """The agent's abort, somebody's abort, a stop and an end by force have their own sentence, that of the library."""
    build = gate(sim)
    url = f"{sim.url}{build.path}{verb.format(id=build.inputs[0].id)}"
    assert requests.post(url, auth=sim.auth(user), timeout=10, allow_redirects=False).ok
    assert build.wait_finished() == "ABORTED"
    assert f"[mfaGate] {sentence}" in build.console
    assert "[mfaGate] This build is marked ABORTED, whatever the Pipeline catches." in build.console
    assert build.ran == []


@pytest.mark.parametrize(("verb", "before_the_end"), [("stop", 1), ("input/{id}/abort", 0)])
def test_a_stop_is_recorded_at_once_and_an_abort_at_the_end(
    sim: JenkinsSimulator, verb: str, before_the_end: int
) -> None:
    """As at a real Jenkins: only a stop is in the record while the build cleans up; both are once at its end."""
    cleaning, clean = threading.Event(), threading.Event()

    def pipeline(build: Build) -> None:
        try:
            build.mfa_gate(lambda: None, environment="production")
        finally:
            cleaning.set()
            clean.wait(20)

    def recorded(build: Build) -> int:
        asked = f"{sim.url}{build.path}api/json?tree=actions%5B_class%5D"
        actions = requests.get(asked, auth=sim.auth("mfa-agent"), timeout=10).json()["actions"]
        return sum(action.get("_class") == "jenkins.model.InterruptedBuildAction" for action in actions)

    build = gate(sim, pipeline)
    url = f"{sim.url}{build.path}{verb.format(id=build.inputs[0].id)}"
    assert requests.post(url, auth=sim.auth("admin"), timeout=10, allow_redirects=False).ok
    assert cleaning.wait(20)
    assert build.building
    assert recorded(build) == before_the_end
    clean.set()
    assert build.wait_finished() == "ABORTED"
    assert recorded(build) == 1


def test_the_build_ends_without_any_agent(sim: JenkinsSimulator, clock: Clock) -> None:
    """Jenkins' own timeout ends the build ten minutes after the gate's time."""
    build = gate(sim, timeoutMinutes=20)
    clock.at += 1799
    assert build.building
    clock.at += 2
    assert build.wait_finished() == "ABORTED"
    late = "No answer within 30 min, not even from jenkins-mfa, which had to end it after 20 min: it may be down."
    assert late in build.console


@pytest.mark.parametrize("caught_by", ["catchError", "try"])
def test_a_caught_denial_cannot_end_green(sim: JenkinsSimulator, caught_by: str) -> None:
    """A pipeline that catches the gate's end goes on, but the result stays ABORTED and the body did not run."""

    def gated(build: Build) -> None:
        build.mfa_gate(lambda: build.sh("./deploy.sh"), environment="production")

    def pipeline(build: Build) -> None:
        if caught_by == "catchError":
            with build.catch_error():
                gated(build)
        else:
            with contextlib.suppress(Exception):
                gated(build)
        build.echo("goes on")

    build = gate(sim, pipeline)
    requests.post(f"{sim.url}{build.path}input/{build.inputs[0].id}/abort", auth=sim.auth("mfa-agent"), timeout=10)
    assert build.wait_finished() == "ABORTED"
    assert "goes on" in build.console
    assert build.ran == []


def test_the_bare_form_refuses_to_open_where_a_failure_is_swallowed(sim: JenkinsSimulator) -> None:
    """Without a body the step does not open inside catchError; elsewhere it returns the receipt's facts."""

    def swallowed(build: Build) -> None:
        with build.catch_error():
            build.mfa_gate(environment="production")

    sim.job("swallowed", swallowed)
    build = sim.build("swallowed")
    assert build.wait_finished() == "ABORTED"
    assert build.inputs == []
    assert "without a body it does not open inside catchError or warnError" in build.console
    facts: list[Any] = []
    opened = gate(sim, lambda build: facts.append(build.mfa_gate(environment="production")))
    token = signed(opened)
    proceed(sim, opened, token)
    assert opened.wait_finished() == "SUCCESS"
    assert (facts[0]["gate"], facts[0]["confirm"], facts[0]["receipt"]) == ("g_8f2c.1", "required", token)
    assert sorted(facts[0]) == ["approvers", "audit", "confirm", "expires", "gate", "receipt", "rules"]


def test_kill_ends_a_bare_gate_whatever_catches(clock: Clock) -> None:
    """With bare = kill nothing after a refused bare gate runs, not even where everything is caught."""
    trust = Trust({"k1": ("EdDSA", KEY.public_key())}, "mfa:sample", "main", bare="kill")

    def stubborn(build: Build) -> None:
        try:
            build.mfa_gate(environment="production")
        except Exception:  # noqa: BLE001 - what a stubborn pipeline does
            build.sh("./deploy.sh")

    with JenkinsSimulator(now=clock, trust=trust) as sim:
        build = gate(sim, stubborn)
        url = f"{sim.url}{build.path}input/{build.inputs[0].id}/proceedEmpty"
        requests.post(url, auth=sim.auth("admin"), timeout=10)
        assert build.wait_finished() == "ABORTED"
        assert build.console.endswith("[mfaGate] This build is ended now.\nHard kill!\nFinished: ABORTED\n")
        assert build.ran == []
