"""The gate step's arguments and receipts are judged as the vectors say, which the library for Pipelines is held to."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jenkins_gate_kit import JOB, TRUST, Clock

from jenkins_mfa.core import receipt
from jenkins_mfa.core import request as core_request
from jenkins_mfa.core.signing_keys import public_from_spki
from jenkins_mfa.simulators import jenkins_arguments as arguments
from jenkins_mfa.simulators.jenkins import JenkinsSimulator
from jenkins_mfa.simulators.jenkins_gate import judge

VECTORS = Path(__file__).parents[1] / "vectors"


@pytest.fixture
def sim() -> Iterator[JenkinsSimulator]:
    with JenkinsSimulator(now=Clock(), trust=TRUST) as running:
        yield running


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
        ({"environment": "Production"}, 'environment is "Production"; up to 64 of a-z, 0-9, dot, dash and underscore'),
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


def _cases() -> list[dict[str, Any]]:
    found = json.loads((VECTORS / "requests.json").read_text())
    return [case for case in found if case["valid"] and "args" in case]


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
    for case in _cases():
        args = case["args"]
        given, env = _as_arguments(args)
        own = {name: args[name] for name in ("lib", "kids", "at", "number", "run")}
        assert arguments.faults(given) == [], case["name"]
        assert core_request.build_text(arguments.fields(given, env, **own)) == case["text"], case["name"]
        assert arguments.faults_of_request(args) == [], case["name"]


def test_invalid_vectors_are_refused() -> None:
    """What the vectors call wrong is refused before anything is asked, in the library's own words."""
    for case in json.loads((VECTORS / "refusals.json").read_text()):
        own = {name: case[name] for name in ("kids", "at", "number", "run")}
        found = arguments.faults(case["step"])
        found = found or arguments.faults_of_request(arguments.fields(case["step"], case["env"], **own))
        assert found == case["says"], case["name"]


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
