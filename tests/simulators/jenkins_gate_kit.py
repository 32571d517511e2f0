"""A gate that waits in the simulated Jenkins, and the agent's side of it: claims, signatures, proceeds."""

import json
from collections.abc import Callable
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jenkins_mfa.core import receipt
from jenkins_mfa.core import request as core_request
from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator, Trust
from receipt_kit import claims_of

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
JOB = "team one/deploy"
TRUST = Trust({"k1": ("EdDSA", KEY.public_key())}, "mfa:sample", "main", max_seconds=1800)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 1764000000.0

    def __call__(self) -> float:
        return self.at


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
    made = claims_of(
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
