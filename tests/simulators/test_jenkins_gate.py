"""The gate step of the simulated Jenkins: it opens for a receipt that proves this gate, and for nothing else."""

import json
import threading
from collections.abc import Iterator

import pytest
import requests
from jenkins_gate_kit import JOB, KEY, OTHER, TRUST, Clock, claims, gate, proceed, signed

from jenkins_mfa.core import receipt
from jenkins_mfa.core import request as core_request
from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator
from jenkins_mfa.simulators.jenkins_samples import PRODUCTION, STAGING, add_samples


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sim(clock: Clock) -> Iterator[JenkinsSimulator]:
    with JenkinsSimulator(now=clock, trust=TRUST) as running:
        yield running


def test_a_receipt_opens_the_gate_and_the_body_has_it(sim: JenkinsSimulator) -> None:
    """With a right receipt the body runs, MFA_RECEIPT in its environment, and the log says who approved."""
    held: list[str] = []

    def pipeline(build: Build) -> None:
        build.mfa_gate(lambda: held.append(build.env["MFA_RECEIPT"]), environment="production")
        assert "MFA_RECEIPT" not in build.env

    build = gate(sim, pipeline)
    token = signed(build)
    assert build.description == "mfa: waiting for approval in Slack"
    assert proceed(sim, build, token) == 200
    assert build.wait_finished() == "SUCCESS"
    assert held == [token]
    told = "[mfaGate] Approved: alice (totp, 16:00:00 UTC); rule production-two. Receipt g_8f2c.1, trail 4711 "
    assert f"{told}{'9c1e' * 16}\n[mfaGate] Going on.\n" in build.console
    assert build.description == "mfa: approved by alice (totp)"


@pytest.mark.parametrize("agents", ["approved by Alice Wu (code)", "passed by the policy: no rule asks"])
def test_what_the_agent_wrote_of_an_approval_stays(sim: JenkinsSimulator, agents: str) -> None:
    """The two share one line: a step that comes later than the agent does not put account names over people's."""
    build = gate(sim)
    build.description = f"mfa: {agents}"
    assert proceed(sim, build, signed(build)) == 200
    assert build.wait_finished() == "SUCCESS"
    assert build.description == f"mfa: {agents}"


def test_the_steps_in_the_log_are_those_of_a_real_jenkins(sim: JenkinsSimulator) -> None:
    """Which steps Jenkins logs around a gate, and in which order, as recorded: with `watchEnv` two `getContext`."""

    def pipeline(build: Build) -> None:
        with build.stage("Deploy to staging"):
            build.mfa_gate(lambda: build.echo("Deployed."), environment="production", watchEnv=["REPLICAS"])

    build = gate(sim, pipeline)
    proceed(sim, build, signed(build))
    assert build.wait_finished() == "SUCCESS"
    marks = ("[Pipeline] ", "Input requested", "Approved by", "Finished")
    steps = [line.removeprefix("[Pipeline] ") for line in build.console.splitlines() if line.startswith(marks)]
    asked = ["getContext", "getContext", "echo", "timeout", "{", "input", "Input requested", "Approved by mfa-agent"]
    verified = ["}", "// timeout", "echo", "withEnv", "{", "echo", "}", "// withEnv"]
    assert steps[:3] == ["Start of Pipeline", "stage", "{ (Deploy to staging)"]
    assert steps[3:-4] == [*asked, *verified]
    assert steps[-4:] == ["}", "// stage", "End of Pipeline", "Finished: SUCCESS"]


def test_the_log_says_what_is_asked(sim: JenkinsSimulator) -> None:
    """Before it pauses, the step says what it asks, the number, how long, and that an executor is held."""

    def pipeline(build: Build) -> None:
        with build.node():
            build.mfa_gate(lambda: None, environment="production", action="deploy", message="Deploy 1.4")

    build = gate(sim, pipeline)
    text = str(build.inputs[0].parameters[0].default)
    number = core_request.parse(text).number
    assert '[mfaGate] Paused for approval in Slack: deploy, production. "Deploy 1.4"\n' in build.console
    assert f"[mfaGate] If Slack asks for a number: {number[:3]} {number[3:]}\n" in build.console
    assert "[mfaGate] The approvers have 30 min at most, less if the policy says so. " in build.console
    assert "an executor is held while it waits" in build.console
    assert build.inputs[0].message.endswith("Proceed on this page does not pass the gate, it ends the build.")


REFUSALS = {
    "other build": ({"run": {"pipeline": JOB, "id": "16", "attempt": 1}}, "is for another build (team one/deploy #16)"),
    "other gate": ({"nonce": "Mfa-" + "0" * 32}, "is for another gate of this build"),
    "other request": ({"request_sha256": "0" * 64}, "answers another request"),
    "decision": ({"decision": "denied"}, 'says "denied"'),
    "ended": ({"iat": 1763999000, "exp": 1763999600}, "has ended at 15:53:20 UTC"),
    "future": ({"iat": 1764000100, "exp": 1764000700}, "is dated in the future: compare the clocks"),
    "one person twice": (
        {"approvers": [{"id": "alice", "factor": "totp", "at": 1764000000}] * 2},
        "names one person twice",
    ),
    "other installation": ({"iss": "mfa:other"}, "comes from another installation"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_wrong_receipt_ends_the_build(sim: JenkinsSimulator, case: str) -> None:
    """Each wrong receipt has its own sentence, the body does not run, the build is ABORTED."""
    changes, sentence = REFUSALS[case]
    build = gate(sim)
    assert proceed(sim, build, signed(build, **changes)) == 200
    assert build.wait_finished() == "ABORTED"
    assert f"[mfaGate] Not approved: the receipt {sentence}.\n" in build.console
    assert "[mfaGate] The body did not run. Tell security: jenkins-mfa show --run " in build.console
    assert build.ran == []
    assert build.description == "mfa: ended: not approved"


def test_a_wrong_signature_and_an_unknown_key_end_the_build(sim: JenkinsSimulator) -> None:
    """A receipt signed by another key, or naming a key that is not pinned, opens nothing."""
    for kid, key in (("k1", OTHER), ("k3", KEY)):
        build = gate(sim)
        assert proceed(sim, build, receipt.sign(claims(build), kid=kid, key=key)) == 200
        assert build.wait_finished() == "ABORTED"
        assert build.ran == []


def test_a_weaker_factor_or_fewer_people_than_asked_end_the_build(sim: JenkinsSimulator) -> None:
    """The step's own factor and quorum are checked in the receipt, whatever the agent thought."""
    push = [{"id": "alice", "factor": "push", "at": 1764000000}]
    build = gate(sim, factor="totp")
    proceed(sim, build, signed(build, approvers=push))
    assert build.wait_finished() == "ABORTED"
    assert "names push, asked: totp" in build.console
    build = gate(sim, quorum=2)
    proceed(sim, build, signed(build))
    assert build.wait_finished() == "ABORTED"
    assert "names totp by 1 person, asked: 2" in build.console
    assert build.ran == []


def test_an_administrators_proceed_does_not_run_the_body(sim: JenkinsSimulator) -> None:
    """T2: an administrator may press Proceed, and the build ends ABORTED."""
    build = gate(sim)
    url = f"{sim.url}{build.path}input/{build.inputs[0].id}/proceedEmpty"
    assert requests.post(url, auth=sim.auth("admin"), timeout=10).status_code == 200
    assert build.wait_finished() == "ABORTED"
    assert "Not approved: admin pressed Proceed, but only a receipt of jenkins-mfa counts." in build.console
    assert build.ran == []


def test_a_receipt_through_another_account_is_refused(sim: JenkinsSimulator) -> None:
    """T3: even a right receipt counts only when the agent's own account brought it."""
    build = gate(sim)
    assert proceed(sim, build, signed(build), user="admin") == 200
    assert build.wait_finished() == "ABORTED"
    assert "the receipt came through admin, not mfa-agent." in build.console
    assert build.ran == []


def test_the_request_that_comes_back_does_not_matter(sim: JenkinsSimulator) -> None:
    """The digest is taken over the text that was shown, not over what the form sent back."""
    build = gate(sim)
    assert proceed(sim, build, signed(build), asked="{}") == 200
    assert build.wait_finished() == "SUCCESS"
    assert build.ran == ["./deploy.sh"]


def test_parallel_gates_have_their_own_nonces(sim: JenkinsSimulator) -> None:
    """Two gates of one build wait side by side, and one's receipt does not open the other."""

    def pipeline(build: Build) -> None:
        build.parallel(
            {
                name: lambda name=name: build.mfa_gate(lambda: build.sh(name), environment=name)
                for name in ("blue", "green")
            }
        )

    sim.job(JOB, pipeline)
    build = sim.build(JOB)
    build.wait_paused(2)
    first, second = build.inputs
    assert first.id != second.id
    token = signed(build)
    form = {"json": json.dumps({"parameter": [{"name": "MFA_RECEIPT", "value": token}]})}
    requests.post(f"{sim.url}{build.path}input/{first.id}/proceed", data=form, auth=sim.auth("mfa-agent"), timeout=10)
    build.wait(lambda: "is for another gate of this build" in build.console)
    requests.post(f"{sim.url}{build.path}input/{second.id}/proceed", data=form, auth=sim.auth("mfa-agent"), timeout=10)
    assert build.wait_finished() == "ABORTED"
    assert len(build.ran) == 1


def test_the_samples_ask_what_the_demo_shows(sim: JenkinsSimulator) -> None:
    """The jobs of the demo pause with details, watched variables, a commit and who started them."""
    add_samples(sim)
    sim.paused(PRODUCTION)
    production = sim.build(PRODUCTION, "dev", parameters={"VERSION": "2.0"})
    asked = core_request.parse(str(production.wait_paused().parameters[0].default))
    assert dict(asked.details) == {"version": "2.0", "ticket": "OPS-12"}
    assert dict(asked.variables) == {"DB_HOST": "db-2.internal", "REPLICAS": "6"}
    facts = requests.get(
        f"{sim.url}{production.path}api/json",
        params={"tree": "changeSets[items[commitId]],actions[causes[userId],lastBuiltRevision[SHA1]]"},
        auth=sim.auth("agent-min"),
        timeout=10,
    ).json()
    assert facts["changeSets"][0]["items"][-1]["commitId"] == production.checkouts[0].sha1
    assert facts["actions"][1]["causes"] == [{"_class": "hudson.model.Cause$UserIdCause", "userId": "dev"}]
    staging = sim.build(STAGING, "dev")
    staging.wait_paused()
    proceed(sim, staging, signed(staging))
    assert staging.wait_finished() == "SUCCESS"
    assert staging.ran == ["./deploy.sh staging"]


def test_no_thread_stays_after_a_stop(clock: Clock) -> None:
    """Stopping the simulator ends builds that still wait, and their threads."""
    with JenkinsSimulator(now=clock, trust=TRUST) as sim:
        build = gate(sim)
        thread = next(t for t in threading.enumerate() if t.name == build.name)
    thread.join(10)
    assert not thread.is_alive()
    assert build.result == "ABORTED"
