from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jenkins_mfa.simulators.jenkins import Parameter, PausedInput

RECORDED = json.loads(Path(__file__).with_name("recorded.json").read_text())
PUBLIC = "https://ci.example.com/jenkins"
ROSTER = {"dev": "dan", "admin": "alice"}
WRITERS = {"bob@example.com": "bob"}


class Clock:
    """Milliseconds, moved by hand."""

    def __init__(self) -> None:
        self.ms = 1_764_000_000_000

    def __call__(self) -> int:
        return self.ms


def nonce(digit: str = "a") -> str:
    return "Mfa-" + digit * 32


def gate_input(input_id: str = nonce(), submitter: str | None = "mfa-agent", request: str = '{"v": 1}') -> PausedInput:
    """An input as the library opens it."""
    asked = (Parameter("MFA_REQUEST", "Text", request), Parameter("MFA_RECEIPT"))
    return PausedInput(input_id, "Deploy?", submitter=submitter, submitter_parameter="submitter", parameters=asked)


def gated(build: Any) -> None:
    """A pipeline that deploys after its gate."""
    asked = gate_input()
    answer = build.input(
        message=asked.message,
        id=asked.id,
        submitter=asked.submitter,
        submitter_parameter=asked.submitter_parameter,
        parameters=asked.parameters,
    )
    build.echo(answer)
    build.sh("./deploy.sh")
