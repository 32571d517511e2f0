"""The gate step of the simulated Jenkins: it opens for a receipt that proves this gate, and for nothing else."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jenkins_mfa.core import receipt
from jenkins_mfa.core import request as core_request
from jenkins_mfa.core.signing_keys import public_from_spki
from jenkins_mfa.simulators import jenkins_arguments as arguments
from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator, Trust
from jenkins_mfa.simulators.jenkins_gate import judge
from jenkins_mfa.simulators.jenkins_samples import PRODUCTION, STAGING, add_samples

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
VECTORS = Path(__file__).parents[1] / "vectors"
JOB = "team one/deploy"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 1764000000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def trust() -> Trust:
    return Trust({"k1": ("EdDSA", KEY.public_key())}, "mfa:sample", "main", max_seconds=1800)


@pytest.fixture
def sim(clock: Clock, trust: Trust) -> Iterator[JenkinsSimulator]:
    with JenkinsSimulator(now=clock, trust=trust) as running:
        yield running


def gate(sim: JenkinsSimulator, pipeline: Callable[[Build], Any] | None = None, **args: Any) -> Build:
    """A build that waits in a gate for production."""
    asked = {"environment": "production", "action": "deploy", "message": "Deploy 1.4", **args}

    def usual(build: Build) -> None:
        build.mfa_gate(lambda: build.sh("./deploy.sh"), **asked)

    sim.job(JOB, pipeline or usual)
    build = sim.build(JOB)
    build.wait_paused()
    return build


def claims(build: Build, **changes: Any) -> dict[str, Any]:
    """The claims that the agent would sign for the waiting gate."""
    waiting = build.inputs[-1]
    text = waiting.parameters[0].default
    asked = core_request.parse(str(text))
    at = int(build.controller.now())
    made = receipt.claims_for(
        issuer="mfa:sample",
        kind="jenkins",
        source="main",
        pipeline=build.job.full_name,
        run_id=str(build.number),
        attempt=1,
        jti="g_8f2c.1",
        iat=at,
        exp=at + 600,
        nonce=waiting.id,
        approvers=[receipt.Approver("alice", "totp", at)],
        rules=["production-two"],
        policy_sha256="0" * 64,
        audit_seq=4711,
        audit_head="9c1e" * 16,
        request=core_request.without_number(asked),
        request_sha256=core_request.digest(str(text)),
    )
    return {**made, **changes}


def proceed(
    sim: JenkinsSimulator, build: Build, token: str | None, user: str = "mfa-agent", asked: str = "as shown"
) -> int:
    """Press Proceed over HTTP, as the agent does; returns the status."""
    values = [{"name": "MFA_REQUEST", "value": asked}]
    if token is not None:
        values.append({"name": "MFA_RECEIPT", "value": token})
    form = {"json": json.dumps({"parameter": values})}
    url = f"{sim.url}{build.path}input/{build.inputs[-1].id}/proceed"
    return requests.post(url, data=form, auth=sim.auth(user), timeout=10).status_code


def signed(build: Build, **changes: Any) -> str:
    return receipt.sign(claims(build, **changes), kid="k1", key=KEY)


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
    assert "[mfaGate] Ends by itself after 40 min at the latest.\n" in build.console
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
    ],
)
def test_endings_are_told_apart(sim: JenkinsSimulator, verb: str, user: str, sentence: str) -> None:
    """The agent's abort, somebody's abort and a stop have their own sentence."""
    build = gate(sim)
    url = f"{sim.url}{build.path}{verb.format(id=build.inputs[0].id)}"
    assert requests.post(url, auth=sim.auth(user), timeout=10, allow_redirects=False).ok
    assert build.wait_finished() == "ABORTED"
    assert f"[mfaGate] {sentence}" in build.console
    assert "[mfaGate] This build is marked ABORTED, whatever the Pipeline catches." in build.console
    assert build.ran == []


def test_the_build_ends_without_any_agent(sim: JenkinsSimulator, clock: Clock) -> None:
    """Jenkins' own timeout ends the build ten minutes after the gate's time."""
    build = gate(sim, timeoutMinutes=20)
    clock.at += 1799
    assert build.building
    clock.at += 2
    assert build.wait_finished() == "ABORTED"
    assert "No answer within 30 min, not even from jenkins-mfa: it may be down." in build.console


def test_a_caught_denial_cannot_end_green(sim: JenkinsSimulator) -> None:
    """A pipeline that catches the gate's end goes on, but the result stays ABORTED and the body did not run."""

    def pipeline(build: Build) -> None:
        with build.catch_error():
            build.mfa_gate(lambda: build.sh("./deploy.sh"), environment="production")
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
    assert (facts[0]["gate"], facts[0]["receipt"]) == ("g_8f2c.1", token)


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


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"enviroment": "production"}, '"enviroment" is not an argument. Nearest: environment. Known: action,'),
        ({}, "environment is missing."),
        (
            {"environment": "p", "timeoutMinutes": "20"},
            'timeoutMinutes is "20" (text); a whole number from 1 to 1440 is needed.',
        ),
        (
            {"environment": "p", "details": {"version": "1" * 214}},
            "details.version is 214 characters long; 200 are allowed, and nothing is cut.",
        ),
        (
            {"environment": "p", "details": {f"d{n}": "x" for n in range(23)}},
            "details has 23 entries; 20 are allowed.",
        ),
        ({"environment": "p", "message": "Deploy \u202e4.1"}, "message holds U+202E, which can reverse text"),
        ({"environment": "p", "details": {"name": "a  b"}}, "details.name holds two spaces in a row."),
        (
            {"environment": "p", "watchEnv": ["API_TOKEN"]},
            "watchEnv: API_TOKEN looks like a secret and is not sent.",
        ),
        (
            {"environment": "p", "factor": "sms"},
            'factor "sms" is not known: push, push+number, totp, webauthn.',
        ),
        (
            {"environment": "p", "details": {"x": lambda: None}},
            "details.x is a closure; text, number, true or false is needed.",
        ),
        ({"environment": "p", "quorum": True}, "quorum is true; a whole number from 1 to 10 is needed."),
        ({"environment": "Production"}, "environment is 10 characters long and not of the form"),
    ],
)
def test_wrong_arguments_end_the_build_before_it_pauses(
    sim: JenkinsSimulator, args: dict[str, Any], sentence: str
) -> None:
    """A wrong argument is named with what is allowed, nothing is asked, the build ends."""
    sim.job(JOB, lambda build: build.mfa_gate(lambda: None, **args))
    build = sim.build(JOB)
    assert build.wait_finished() == "ABORTED"
    assert "[mfaGate] mfaGate cannot ask: " in build.console
    assert sentence in build.console
    assert "Input requested" not in build.console


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
    assert facts["changeSets"][0]["items"][0]["commitId"] == production.checkouts[0].sha1
    assert facts["actions"][1]["causes"] == [{"_class": "hudson.model.Cause$UserIdCause", "userId": "dev"}]
    staging = sim.build(STAGING, "dev")
    staging.wait_paused()
    proceed(sim, staging, signed(staging))
    assert staging.wait_finished() == "SUCCESS"
    assert staging.ran == ["./deploy.sh staging"]


def _cases(valid: bool) -> list[dict[str, Any]]:
    found = json.loads((VECTORS / "requests.json").read_text())
    return [case for case in found if case["valid"] is valid and "args" in case]


def _as_arguments(args: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What an author would have written for these fields, and the environment around the step."""
    ask = args.get("ask", {})
    given = {name: args[name] for name in ("environment", "action", "message", "subject", "details") if name in args}
    given |= {name: ask[name] for name in ("factor", "quorum") if name in ask}
    if "ttl" in ask:
        given["timeoutMinutes"] = ask["ttl"] // 60
    variables = args.get("variables", {})
    if variables or "unset" in args:
        given["watchEnv"] = [*variables, *args.get("unset", [])]
    return given, variables


def test_valid_vectors_give_the_same_text() -> None:
    """The step writes exactly the bytes that the vectors have for the same arguments."""
    for case in _cases(valid=True):
        args = case["args"]
        given, env = _as_arguments(args)
        own = {name: args[name] for name in ("lib", "kids", "at", "number", "run")}
        assert arguments.faults(given) == [], case["name"]
        assert core_request.build_text(arguments.fields(given, env, **own)) == case["text"], case["name"]
        assert arguments.refused(case["text"]) == [], case["name"]


def test_invalid_vectors_are_refused() -> None:
    """What the vectors call wrong is refused before anything is asked."""
    for case in _cases(valid=False):
        args = case["args"]
        given, env = _as_arguments(args)
        own = {name: args[name] for name in ("lib", "kids", "at", "number", "run")}
        if arguments.faults(given) or set(args.get("unset", [])) & set(env):
            continue
        text = core_request.build_text(arguments.fields(given, env, **own))
        repeated = len(set(args.get("unset", []))) < len(args.get("unset", []))
        seconds = args.get("ask", {}).get("ttl", 60) % 60
        assert repeated or seconds or arguments.refused(text), case["name"]


def test_receipt_vectors_are_judged_alike() -> None:
    """Every vector opens or keeps shut with the reason that it names; without a receipt it stays shut."""
    vectors = json.loads((VECTORS / "receipts.json").read_text())
    keys = {kid: (key["alg"], public_from_spki(key["spki"])) for kid, key in vectors["keys"].items()}
    for case in vectors["cases"]:
        answer = {"MFA_REQUEST": "x", "MFA_RECEIPT": case["receipt"], "submitter": case["submitter"]}
        try:
            found = judge(answer, agent=vectors["agent"], keys=keys, now=case["now"], **case["expect"])
            reason = "" if found else "missing"
        except receipt.RefusedReceipt as error:
            reason = error.reason
        assert reason == case.get("reason", ""), case["name"]


def test_no_thread_stays_after_a_stop(clock: Clock, trust: Trust) -> None:
    """Stopping the simulator ends builds that still wait, and their threads."""
    with JenkinsSimulator(now=clock, trust=trust) as sim:
        build = gate(sim)
        thread = next(t for t in threading.enumerate() if t.name == build.name)
    thread.join(10)
    assert not thread.is_alive()
    assert build.result == "ABORTED"
